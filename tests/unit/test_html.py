"""Tables of a template: roles that survive any layout, and a label for each cell that is marked."""

from __future__ import annotations

from vwu.html import as_cards

TABLE = """<table class="x">
<thead><tr><th scope="col">{{ t("Số", "No.") }}</th><th scope="col" class="n">Dòng · Rows</th></tr></thead>
<tbody>{% for each in rows %}<tr id="{{ each }}"><th scope="row">1</th><td class="n" data-label>2</td></tr>
<tr><td data-label>3</td><td colspan="2">4</td></tr>{% endfor %}</tbody></table>"""


def test_a_marked_cell_gets_the_head_of_its_column() -> None:
    found = as_cards(TABLE)
    assert '<td role="cell" class="n" data-label="Dòng · Rows">2</td>' in found
    assert '<td role="cell" data-label="Số" data-en="No.">3</td><td role="cell" colspan="2">4</td>' in found


def test_every_part_says_what_it_is() -> None:
    found = as_cards(TABLE)
    for part in ('<table role="table" class="x">', '<thead role="rowgroup">', '<tbody role="rowgroup">',
                 '<tr role="row" id="{{ each }}">', '<th scope="col" role="columnheader">',
                 '<th scope="row" role="rowheader">'):  # fmt: skip
        assert part in found, part


def test_a_series_stays_a_plain_table() -> None:
    series = '<table class="series"><thead><tr><th scope="col">Kỳ</th></tr></thead></table>'
    assert as_cards(series) == series
    around = TABLE.replace(">3<", f">{series}<")
    assert as_cards(around) == as_cards(TABLE).replace(">3<", f">{series}<")
