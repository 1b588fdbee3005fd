"""Every rule of submission intake is seen firing, and none of them fires on a sound workbook."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from vwu.catalogue import Catalogue, load_catalogue
from vwu.intake.model import Severity
from vwu.intake.rules import FILE_RULES
from vwu.intake.submission.rules import HISTORY_RULES, SUBMISSION_RULES

from .conftest import FIRST_ROW, STARTUP, TODAY, Check, Line, checked, container, saved, workbook

CSV_HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note\n"
Fault = tuple[str, bytes]


def book(*lines: Line, **changes: Any) -> Fault:
    return "P22.xlsx", saved(workbook(*(lines or (STARTUP,)), head=changes.get("head")))


def figure(content: Any, code: str = "WOMEN_STARTUP_SUPPORTED", programme: str = "DA939", unit: str = "") -> Fault:
    """A workbook whose only figure stands in the column `Trong kỳ`."""
    return book((1, programme, code, "", unit, None, content))


def edited(edit: Callable[[Any], None], *lines: Line) -> Fault:
    """A workbook that was changed by hand after it was filled."""
    made = workbook(*(lines or (STARTUP,)))
    edit(made)
    return "P22.xlsx", saved(made)


def parts(change: Mapping[str, bytes | None], **more: bytes) -> Fault:
    """A workbook in which parts of the package were replaced."""
    source, target = zipfile.ZipFile(io.BytesIO(book()[1])), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = change.get(name, source.read(name))
            if content is not None:
                archive.writestr(name, content)
        for name, content in {**{k: v for k, v in change.items() if v is not None}, **more}.items():
            if name not in source.namelist():
                archive.writestr(name, content)
    return "P22.xlsx", target.getvalue()


def long_csv(*lines: str, header: str = CSV_HEADER) -> Fault:
    default = "BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,5,PERSON,"
    return "P22.csv", (header + "\n".join(lines or (default,)) + "\n").encode()


def hide_row(made: Any) -> None:
    made.active.row_dimensions[FIRST_ROW].hidden = True


def hide_column(made: Any) -> None:
    made.active.column_dimensions["G"].hidden = True


def copy_form(made: Any) -> None:
    made.copy_worksheet(made.active).title = "BaoCao2"


def add_spare_form(made: Any) -> None:
    copy_form(made)
    made["BaoCao2"]["G13"] = None


def hide_form(made: Any) -> None:
    made.active.sheet_state = "hidden"
    made.create_sheet("Trống")


def add_sheet(made: Any) -> None:
    made.create_sheet("Tham khảo")["A1"] = "không phải biểu"


def add_hidden_sheet(made: Any) -> None:
    add_sheet(made)
    made["Tham khảo"].sheet_state = "hidden"


def merge_figures(made: Any) -> None:
    made.active.merge_cells(f"G{FIRST_ROW}:H{FIRST_ROW}")


def head_label(cell: str, content: Any) -> Callable[[Any], None]:
    def put(made: Any) -> None:
        made.active[cell] = content

    return put


def without_extra_line(made: Any) -> None:
    made.active["G14"] = 7


POOR = ("GIAMNGHEO", "POOR_HOUSEHOLDS_ESCAPED")
NEAR_POOR = ("GIAMNGHEO", "NEARPOOR_HOUSEHOLDS_ESCAPED")
CLAIM = ("GIAMNGHEO", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM")


def line(subject: tuple[str, str], in_period: Any = None, as_of: Any = None, plan: Any = None) -> Line:
    return (1, *subject, "", "", plan, in_period, None, None, as_of)


P19 = {"Mã đơn vị": "P19", "Tên đơn vị": "Hội LHPN tỉnh Thái Nguyên"}
TARGETS = "RESOLUTION_TARGETS_"
NEXT_YEAR = {"Kỳ báo cáo": "2027-01", "Từ ngày": None, "Đến ngày": None}

FAULTS: Mapping[str, Callable[[], Fault]] = {
    "FILE_MACROS": lambda: parts({"xl/vbaProject.bin": b"macro"}),
    "FILE_ENCRYPTED": lambda: ("P22.xlsx", container("EncryptionInfo", "EncryptedPackage")),
    "FILE_TRUNCATED": lambda: ("P22.xlsx", book()[1][:3000]),
    "FILE_TOO_LARGE": lambda: parts({"xl/media/image1.png": bytes(40_000_000)}),
    "FILE_HOSTILE": lambda: parts({"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    "FILE_FOREIGN_CONTENT": lambda: parts({"xl/embeddings/oleObject1.bin": b"object"}),
    "FILE_RENAMED": lambda: ("P22.xlsx", b"<html><table></table></html>"),
    "FORM_NOT_FOUND": lambda: edited(lambda made: made.active.delete_rows(1, 30)),
    "FORM_SHEET_HIDDEN": lambda: edited(hide_form),
    "FORM_SHEET_EMPTY": lambda: edited(add_spare_form),
    "REPORT_TWICE": lambda: edited(copy_form),
    "SHEET_NOT_READ": lambda: edited(add_sheet),
    "SHEET_HIDDEN_NOT_READ": lambda: edited(add_hidden_sheet),
    "HEAD_FIELD_MISSING": lambda: book(head={"Kỳ báo cáo": None}),
    "FORM_UNKNOWN": lambda: book(head={"Phiên bản": "7"}),
    "COLUMN_UNKNOWN": lambda: edited(head_label("L12", "So với cùng kỳ")),
    "COLUMN_TWICE": lambda: edited(head_label("L12", "Trong kỳ")),
    "COLUMN_HIDDEN": lambda: edited(hide_column),
    "ROW_HIDDEN": lambda: edited(hide_row),
    "ROW_SUBTOTAL": lambda: book(STARTUP, (None, None, None, "Tổng cộng", None, None, 2238)),
    "ROW_WITHOUT_INDICATOR": lambda: edited(without_extra_line),
    "CELL_MERGED": lambda: edited(merge_figures),
    "TEXT_LEGACY": lambda: book(head={"Tên đơn vị": "Héi LHPN tØnh Qu¶ng Ninh"}),
    "CSV_ENCODING": lambda: ("P22.csv", long_csv()[1].replace(b"PERSON,", b"PERSON,caf\xe9")),
    "CSV_SEPARATOR": lambda: ("P22.csv", long_csv()[1].replace(b",", b";")),
    "CSV_COLUMN_MISSING": lambda: ("P22.csv", long_csv()[1].replace(b"basis,", b"")),
    "CSV_FIELD_COUNT": lambda: long_csv("BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,2,3 tỷ,,"),
    "CSV_LINE_BROKEN": lambda: long_csv('BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,"5,,'),
    "CSV_NO_LINES": lambda: ("P22.csv", CSV_HEADER.encode()),
    "BRANCH_UNKNOWN": lambda: book(head={"Mã đơn vị": "22"}),
    "BRANCH_BY_NAME": lambda: book(head={"Mã đơn vị": None}),
    "BRANCH_AMBIGUOUS": lambda: book(head={"Mã đơn vị": "xã Tân An"}),
    "BRANCH_SUCCEEDED": lambda: book(head={"Mã đơn vị": "P51-D536", "Tên đơn vị": None, "Kỳ báo cáo": "2025-12"}),
    "BRANCH_NOT_VALID": lambda: book(head={"Mã đơn vị": "P22-D200", "Kỳ báo cáo": "2026-01"}),
    "BRANCH_CODE_REUSED": lambda: book(
        head={"Mã đơn vị": "P22-06913", "Tên đơn vị": None, "Kỳ báo cáo": "2025-09", "Từ ngày": None, "Đến ngày": None}
    ),
    "BRANCH_NAME_DIFFERS": lambda: book(head={"Tên đơn vị": "Hội LHPN tỉnh Thái Nguyên"}),
    "PERIOD_UNKNOWN": lambda: book(head={"Kỳ báo cáo": "2024-13"}),
    "PERIOD_UNUSUAL": lambda: book(head={"Kỳ báo cáo": "Tháng 1 năm 2024"}),
    "PERIOD_IN_FUTURE": lambda: book(line(("ALL", "MEMBERS_ADMITTED"), 5), head=NEXT_YEAR),
    "PERIOD_NOT_ENDED": lambda: book(line(("ALL", "MEMBERS_ADMITTED"), 5), head=NEXT_YEAR | {"Kỳ báo cáo": "2026"}),
    "HEAD_DATES_CONTRADICT": lambda: book(head={"Từ ngày": date(2025, 1, 1), "Đến ngày": date(2025, 1, 31)}),
    "HEAD_DATES_DIFFER": lambda: book(head={"Từ ngày": "01/01/2024", "Đến ngày": "31/01/2024"}),
    "HEAD_DATE_UNREADABLE": lambda: book(head={"Từ ngày": "đầu năm"}),
    "PREPARED_IN_FUTURE": lambda: book(head={"Ngày lập": date(2026, 11, 22)}),
    "INDICATOR_UNKNOWN": lambda: figure(5, "WOMEN_STARTUP_SUPORTED"),
    "INDICATOR_LABEL_AMBIGUOUS": lambda: book((1, "", "", "Hộ đã thoát", "", None, 5)),
    "INDICATOR_BY_LABEL": lambda: book((1, "DA939", "", "a) Lớp tập huấn (lớp)", "", None, 5)),
    "INDICATOR_LABEL_CONTRADICTS": lambda: book((1, "DA939", "TRAINING_CLASSES", "Lượt hội viên vay", "", None, 5)),
    "INDICATOR_NOT_VALID": lambda: book(
        line(("GIAMNGHEO", "HOUSEHOLDS_OUT_OF_POVERTY"), 5),
        head={"Kỳ báo cáo": "2020-01", "Từ ngày": None, "Đến ngày": None},
    ),
    "PROGRAMME_UNKNOWN": lambda: figure(5, programme="DA940"),
    "PROGRAMME_AMBIGUOUS": lambda: figure(5, "TRAINING_CLASSES", programme=""),
    "PROGRAMME_NOT_VALID": lambda: book(STARTUP, head={"Kỳ báo cáo": "2026-09", "Từ ngày": None, "Đến ngày": None}),
    "PROGRAMME_NOT_OF_BRANCH": lambda: figure(5, "COOPERATIVES_NEW", "NQ_TN_XIV"),
    "INDICATOR_NOT_OF_PROGRAMME": lambda: figure(5, "LOAN_TURNS", "DA939"),
    "SCENARIO_UNKNOWN": lambda: long_csv(
        "BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,estimate,in_period,5,PERSON,"
    ),
    "BASIS_UNKNOWN": lambda: long_csv("BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,monthly,5,PERSON,"),
    "BASIS_NOT_ACCEPTED": lambda: figure(5, "MEMBERS_TOTAL", "ALL"),
    "UNIT_DIFFERS": lambda: figure(5, unit="hộ"),
    "UNIT_UNKNOWN": lambda: figure(5, unit="suất"),
    "VALUE_NOT_A_NUMBER": lambda: figure("nhiều"),
    "VALUE_NUMBER_FORM": lambda: figure("12.34.567"),
    "VALUE_AMBIGUOUS": lambda: figure("2.238 tỷ", "SHELTER_FUND", "MAIAM"),
    "VALUE_FRACTION": lambda: figure(2.238),
    "VALUE_COMPOSITE": lambda: figure("6/8"),
    "VALUE_DATE": lambda: figure(date(2024, 8, 6)),
    "VALUE_ERROR_CELL": lambda: figure("#REF!"),
    "VALUE_FORMULA_EMPTY": lambda: figure("=1+1"),
    "VALUE_LOGICAL": lambda: figure(True),
    "VALUE_NEGATIVE": lambda: figure(-5),
    "VALUE_SCIENTIFIC": lambda: figure("1.91E+10"),
    "VALUE_UNIT_MISMATCH": lambda: figure("5 hộ"),
    "VALUE_WORDS": lambda: figure("tăng 5"),
    "VALUE_TOO_LONG": lambda: figure("lời dài " * 40),
    "VALUE_TOO_LARGE": lambda: figure(1e300),
    "VALUE_UNUSUAL": lambda: figure("14,917"),
    "VALUE_UNKNOWN_WORD": lambda: figure("5 mô hình"),
    "VALUE_SCALED": lambda: figure("2,3", "SHELTER_FUND", "MAIAM", "tỷ đồng"),
    "VALUE_TWICE": lambda: book(STARTUP, STARTUP),
    "CHILD_OVER_PARENT": lambda: book(line(POOR, 10), line(("GIAMNGHEO", "POOR_NEARPOOR_HOUSEHOLDS_HELPED"), 9)),
    "TARGETS_OVER_TOTAL": lambda: book(
        line(("NQ_TN_XIV", TARGETS + "TOTAL_PROV"), plan=8),
        line(("NQ_TN_XIV", TARGETS + "EXCEEDED"), as_of=6),
        line(("NQ_TN_XIV", TARGETS + "MET"), as_of=3),
        head=P19,
    ),
    "CLAIM_NOT_COVERED": lambda: book(line(POOR, 1547), line(NEAR_POOR, 448), line(CLAIM, "hơn 2.000")),
    "RATIO_WITHOUT_BASE": lambda: book(line(("DA939", "MEMBERS_REACHED_STARTUP_AWARENESS_PCT"), as_of="100%")),
    "RATIO_DIFFERS": lambda: book(
        line(("ALL", "MEMBERSHIP_RATE_PCT"), as_of="70%"),
        line(("ALL", "MEMBERS_TOTAL"), as_of=600),
        line(("ALL", "WOMEN_18_PLUS"), as_of=1000),
    ),
    "RATIO_OVER_HUNDRED": lambda: book(line(("DA939", "MEMBERS_REACHED_STARTUP_AWARENESS_PCT"), as_of="101%")),
    "MEASURE_UNDETERMINED": lambda: figure(339, "ORPHANS_SPONSORED", "MEDODAU"),
    "NOTHING_REPORTED": lambda: figure(None),
    "NOTE_HAS_IDENTITY": lambda: book((*STARTUP, None, None, None, "bà A, 019 185 000 123")),
}


@pytest.fixture(scope="session")
def twice_named(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The project's catalogue, in which one more alias names two indicators."""
    seeds = tmp_path_factory.mktemp("seeds")
    for seed in (Path(__file__).parents[4] / "seeds").glob("*.csv"):
        shutil.copy(seed, seeds)
    with (seeds / "indicator_alias.csv").open("a", encoding="utf-8") as aliases:
        aliases.write("POOR_HOUSEHOLDS_ESCAPED,Hộ đã thoát\nNEARPOOR_HOUSEHOLDS_ESCAPED,Hộ đã thoát\n")
    return load_catalogue(seeds)


# What needs earlier periods is seen firing in test_history.
OF_ONE_FILE = [rule.rule_id for rule in SUBMISSION_RULES if rule not in HISTORY_RULES]


@pytest.mark.parametrize("rule_id", OF_ONE_FILE)
def test_each_rule_fires_on_its_fault(twice_named: Catalogue, rule_id: str) -> None:
    name, content = FAULTS[rule_id]()
    submission = checked(name, content, twice_named, TODAY)
    found = [finding for finding in submission.findings if finding.rule_id == rule_id]
    assert found, [finding.rule_id for finding in submission.findings]
    for each in found:
        assert each.position
        assert each.message_vi != each.message_en


def test_every_fault_belongs_to_a_rule() -> None:
    assert FAULTS.keys() == set(OF_ONE_FILE)


def test_no_rule_fires_on_a_sound_workbook(check: Check) -> None:
    submission = check(book()[1])
    assert submission.findings == ()
    assert len(submission.values) == 1


def test_rules_say_what_to_do_in_both_languages_over_the_same_names() -> None:
    remedies_vi = ("Hãy", "hãy", "Không cần làm gì")
    for rule in SUBMISSION_RULES:
        assert rule.text_vi.endswith((".", "{hint_vi}")), rule.rule_id
        assert any(remedy in rule.text_vi for remedy in remedies_vi) or "hint_vi" in rule.text_vi, rule.rule_id
        names_vi, names_en = (
            {(name or "").removesuffix(suffix) for _, name, _, _ in Formatter().parse(text)} - {""}
            for text, suffix in ((rule.text_vi, "_vi"), (rule.text_en, "_en"))
        )
        assert names_vi == names_en, rule.rule_id


def test_what_cannot_be_read_is_an_error_and_what_is_odd_a_warning() -> None:
    severities = {rule.rule_id: rule.severity for rule in (*FILE_RULES, *SUBMISSION_RULES)}
    taken = {"VALUE_UNUSUAL", "VALUE_UNKNOWN_WORD", "VALUE_SCALED"}
    for rule_id, severity in severities.items():
        if rule_id.startswith("VALUE_"):
            assert severity is (Severity.WARNING if rule_id in taken else Severity.ERROR), rule_id


def test_what_is_late_or_early_depends_on_the_given_day(check: Check) -> None:
    day = date(2024, 1, 14)
    assert check(book()[1], today=day + timedelta(days=40)).findings == ()
    assert [f.rule_id for f in check(book()[1], today=day).findings] == ["PREPARED_IN_FUTURE", "PERIOD_NOT_ENDED"]
