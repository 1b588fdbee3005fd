"""Plants identities in bank feeds and reports of branches, and looks for them in all that the product wrote."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import openpyxl
import psycopg
from test_feeds import example, write
from test_revisions import MARCH, changed, paid

from vwu.settings import Settings

# What came, what opens it, and the files of the server, whose tables are read one by one instead.
NOT_WRITTEN = ("landing", "keys", "postgres")

CITIZEN, PHONE, NAME = "022161770616", "0912770616", "Lò Thị Ẩn Danh"
PERSON = {"citizen_id": CITIZEN, "full_name": NAME, "birth_date": "1921-07-16", "customer_id": "KH77061616"}
WAYS = (CITIZEN, "0221 6177 0616", "022.161.770.616", "022-161-770-616", PHONE, "0912 770 616", "0912.77.06.16",
        "+84912770616", "+84 912 770 616")  # fmt: skip
PLANTED = (*PERSON.values(), *WAYS, "16/07/1921", "22161770616")
"""Each once as it should be written, and as people write it."""
_SLIPPED = (
    ("sex", NAME), ("status", CITIZEN), ("savings_balance", CITIZEN), ("interest_due", " 0221 6177 0616"),
    ("commune_code", "022-161-770-616"), ("credit_programme", "0912 770 616"), ("organisation", "+84912770616"),
    ("bank_branch_code", NAME), ("loan_id", f"KU {CITIZEN}"), ("group_id", NAME), ("bank_code", PHONE),
    ("overdue_days", PHONE), ("birth_date", "16/07/1921"), ("annual_rate_pct", NAME), ("maturity_on", NAME),
    ("commune_code_system", "1921-07-16"), ("as_of_date", "022.161.770.616"), ("citizen_id", f'"{CITIZEN}"'),
    ("citizen_id", "22161770616"),
)  # fmt: skip
_HEAD = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
_LINE = "BM01,1,P22,2024-02,DA939,WOMEN_STARTUP_SUPPORTED,actual,programme_to_date"


def plant(landing: Path) -> int:
    """Files with the person where she belongs, which land, and where she does not; returns how many are refused."""
    feeds, reports = landing / "bank_feeds", landing / "branch_submissions"
    _send(feeds, 1, others=8)
    for number, (column, text) in enumerate(_SLIPPED, start=2):
        _send(feeds, number, **{column: text})
    _send(feeds, 90, change=lambda content: content.partition(b"\n")[2])  # the first line is a person's
    _send(feeds, 91, change=lambda content: content.replace(NAME.encode(), f'"{NAME}'.encode()))
    for number, way in enumerate(WAYS):
        for what, cells in (("ghi chú", f"22{number:02},PERSON,liên hệ {way}"), ("ô số", f"{way},PERSON,")):
            (reports / f"{what} {number}.csv").write_text(f"{_HEAD}\n{_LINE},{cells}\n", "utf-8")
    _sign(reports / "Quảng Ninh - Báo cáo BM01 tháng 01-2024.xlsx", f"{NAME}, {PHONE}")
    return len(_SLIPPED) + 2 + 2 * len(WAYS)


def _send(feeds: Path, more: int, change: Callable[[bytes], bytes] = bytes, others: int = 0, **slipped: str) -> None:
    """The loans of March anew: one customer, who has one loan, is the person; so many others paid, or it would wait."""
    rows, control = example("loan", MARCH)
    changed(rows, paid, others)
    row = next(row for row in rows if [each["customer_id"] for each in rows].count(row["customer_id"]) == 1)
    row |= PERSON | slipped
    stated = {"previous_sum_closing_balance": control["previous_sum_closing_balance"]}
    path = write(feeds, rows, control, sequence=control["sequence"] + more, **stated)
    path.write_bytes(change(path.read_bytes()))
    record = path.with_name(f"{path.name}.control.json")
    sealed = json.loads(record.read_text("utf-8")) | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    record.write_text(json.dumps(sealed), "utf-8")


def _sign(workbook: Path, who: str) -> None:
    """The same report, said to be made by somebody."""
    book = openpyxl.load_workbook(workbook)
    (label,) = (cell for row in book["BaoCao"].iter_rows(max_col=1) for cell in row if cell.value == "Người lập")
    label.offset(column=1).value = who
    book.save(workbook.with_name(f"ký {workbook.name}"))


def forms_of(identity: str) -> set[bytes]:
    """How an identity may stand in bytes: as it is, in small letters, in JSON, and in the hexadecimal of a bytea."""
    texts = {identity, identity.lower(), json.dumps(identity)[1:-1]}
    return {text.encode() for text in texts} | {identity.encode().hex().encode()}


def places_of(identities: Iterable[str], contents: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """(identity, place) of each that is found."""
    forms = {identity: forms_of(identity) for identity in identities}
    return [
        (identity, place)
        for place, content in contents
        for identity, of_it in forms.items()
        if any(form in content for form in of_it)
    ]


def tables(settings: Settings, database: str) -> Iterator[tuple[str, bytes]]:
    """Every row outside the vault of every schema of a database."""
    with psycopg.connect(settings.database_url("superuser"), dbname=database) as connection:
        names = connection.execute(
            """select format('%I.%I', schemaname, tablename) from pg_tables
               where schemaname not in ('vault', 'pg_catalog', 'information_schema')"""
        ).fetchall()
        for (name,) in names:
            for (row,) in connection.execute(f"select each::text from {name} as each".encode()):
                yield f"{database}: {name}", row.encode()


def files(folder: Path, skipped: Iterable[str] = NOT_WRITTEN) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, with what is packed in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] not in skipped:
            yield from _unpacked(str(path.relative_to(folder)), path.read_bytes())


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.namelist():
                yield from _unpacked(f"{name}!{member}", packed.read(member))
    elif content.startswith(b"\x1f\x8b"):
        yield from _unpacked(f"{name}!", gzip.decompress(content))
