"""What the parsers ask the catalogue, and what it answers."""

from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from vwu.catalogue import Catalogue, CatalogueError, Period, PeriodRule, cut, in_force, load_catalogue

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
BEFORE = date(2025, 6, 30)
SINCE = date(2025, 7, 1)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(SEEDS)


def test_one_catalogue_a_process_and_it_cannot_be_changed(catalogue: Catalogue) -> None:
    assert load_catalogue(SEEDS) is catalogue
    with pytest.raises(FrozenInstanceError):
        catalogue.seeds_dir = Path()  # type: ignore[misc]  # that is the point


def test_a_missing_folder_or_seed_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="nowhere"):
        load_catalogue(tmp_path / "nowhere")
    with pytest.raises(CatalogueError, match=r"unit\.csv"):
        load_catalogue(tmp_path).unit("PERSON")


def test_a_seed_with_a_lost_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_text("bank_code,name_vi\nVBSP,x\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="Bank"):
        load_catalogue(tmp_path).bank("VBSP")


# Names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Đề án 939", ("DA939",)),
        ("DA939", ("DA939",)),
        ("ĐỀ ÁN  (939)", ("DA939",)),
        ("Đề án 939 “Hỗ trợ phụ nữ khởi nghiệp giai đoạn 2017-2025”", ("DA939",)),
        (
            "Đề án 938 “Tuyên\u00a0truyền, giáo dục, vận động, hỗ trợ phụ nữ tham gia giải quyết một số vấn đề "
            "xã hội liên quan đến phụ nữ giai đoạn 2017- 2027”",
            ("DA938",),
        ),
        (
            "Đề án số 01 “Hỗ trợ hợp tác xã do phụ nữ tham gia quản lý và tạo việc làm cho lao động nữ đến năm 2030”",
            ("DA01",),
        ),
        (
            "Hỗ trợ hợp tác xã do phụ nữ tham gia quản lý, tạo việc làm cho lao động nữ đến năm 2030",
            ("DA01",),
        ),
        (
            "Dự án 8 “Thực hiện bình đẳng giới và giải quyết những vấn\u00a0đề cấp thiết đối với phụ nữ và trẻ em”",
            ("DA8",),
        ),
        ("Nghị quyết Đại đại biểu phụ nữ tỉnh Thái Nguyên nhiệm kỳ 2021 – 2026", ("NQ_TN_XIV",)),
        ("Nghị quyết Đại hội phụ nữ toàn quốc lần thứ XIII, nhiệm kỳ 2022 - 2027", ("NQ_TW_XIII",)),
        ("“Mẹ đỡ đầu”", ("MEDODAU",)),
        ("Đề án 940", ()),
        ("", ()),
    ],
)
def test_programmes_are_matched_by_what_is_printed(catalogue: Catalogue, text: str, codes: tuple[str, ...]) -> None:
    assert catalogue.match_programme(text) == codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Phụ nữ khởi sự kinh doanh và khởi nghiệp được hỗ trợ", "WOMEN_STARTUP_SUPPORTED"),
        ("Tỷ lệ hội viên được tuyên truyền nâng cao nhận thức về khởi nghiệp", "MEMBERS_REACHED_STARTUP_AWARENESS_PCT"),
        ("Tổ hợp tác, HTX do phụ nữ quản lý được hỗ trợ thành lập", "COOP_GROUPS_ESTABLISHED_SUPPORTED"),
        ("Lớp tập huấn dự kiến tổ chức", "TRAINING_CLASSES"),
        ("Hộ thoát nghèo (tiêu đề)", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM"),
        ("Số tiền tín chấp với các Ngân hàng", "CREDIT_GUARANTEED_AMOUNT"),
        ("Lượt hội viên vay", "LOAN_TURNS"),
        ("Cửa hàng giới thiệu sản phẩm nông sản an toàn được duy trì", "SAFE_PRODUCE_SHOPS_MAINTAINED"),
        ("Hộ nghèo, cận nghèo được Hội giúp đỡ", "POOR_NEARPOOR_HOUSEHOLDS_HELPED"),
        ("Hợp tác xã thành lập mới", "COOPERATIVES_NEW"),
        ("Lao động nữ được đào tạo nghề", "FEMALE_WORKERS_TRAINED"),
        ("Phụ nữ có việc làm sau đào tạo", "TRAINED_IN_JOB"),
        ("Hộ phụ nữ nghèo đã thoát nghèo", "POOR_HOUSEHOLDS_ESCAPED"),
        ("Hộ phụ nữ cận nghèo đã thoát (cận) nghèo", "NEARPOOR_HOUSEHOLDS_ESCAPED"),
        ("Hộ phụ nữ thoát nghèo (phát biểu)", "HOUSEHOLDS_ESCAPED_POVERTY_CLAIM"),
        ("Mái ấm tình thương xây dựng, sửa chữa", "SHELTERS_BUILT_REPAIRED"),
        ("Trị giá mái ấm tình thương", "SHELTER_FUND"),
        ("Trẻ em mồ côi được kết nối đỡ đầu", "ORPHANS_SPONSORED"),
        ("Tổng số tiền đỡ đầu", "SPONSORSHIP_FUND"),
        ("Số chỉ tiêu Nghị quyết Đại hội Phụ nữ tỉnh XIV", "RESOLUTION_TARGETS_TOTAL_PROV"),
        ("Chỉ tiêu vượt", "RESOLUTION_TARGETS_EXCEEDED"),
        ("Chỉ tiêu đạt", "RESOLUTION_TARGETS_MET"),
        ("Số chỉ tiêu Nghị quyết Đại hội Phụ nữ toàn quốc XIII", "RESOLUTION_TARGETS_TOTAL_NATL"),
    ],
)
def test_labels_of_the_source_figures_match_one_indicator(catalogue: Catalogue, text: str, code: str) -> None:
    assert catalogue.match_indicator(text) == (code,)


def test_a_label_is_matched_within_a_programme(catalogue: Catalogue) -> None:
    assert catalogue.match_indicator("Số lớp tập huấn", "DA938") == ("TRAINING_CLASSES",)
    assert catalogue.match_indicator("Số lớp tập huấn", "MAIAM") == ()
    assert catalogue.match_indicator("Thời tiết") == ()


def test_no_name_or_alias_means_two_indicators_or_programmes(catalogue: Catalogue) -> None:
    for indicator in catalogue.indicators.values():
        assert catalogue.match_indicator(indicator.name_vi) == (indicator.indicator_code,)
    for programme in catalogue.programmes.values():
        assert catalogue.match_programme(programme.name_vi) == (programme.programme_code,)
    assert [codes for codes in catalogue._indicator_names.values() if len(codes) > 1] == []
    assert [codes for codes in catalogue._programme_names.values() if len(codes) > 1] == []


def test_a_plan_is_for_a_period_and_an_actual_of_an_accepted_basis(catalogue: Catalogue) -> None:
    members = catalogue.indicators["MEMBERS_TOTAL"]
    assert members.accepts("actual", "as_of")
    assert not members.accepts("actual", "in_period")
    assert members.accepts("plan", "in_period")
    assert not members.accepts("plan", "as_of")


def test_units_carry_the_words_of_cells(catalogue: Catalogue) -> None:
    unit = catalogue.unit("VND")
    assert unit is not None
    assert (unit.kind, unit.is_whole) == ("money", True)
    assert "đồng" in unit.words_vi
    assert catalogue.unit("VND_BN") is None


# Branches and regions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "on", "name"),
    [
        ("TW", BEFORE, "Trung ương Hội LHPN Việt Nam"),
        ("P22", BEFORE, "Hội LHPN tỉnh Quảng Ninh"),
        ("P22-D200", BEFORE, "Hội LHPN huyện Đầm Hà"),
        ("P22-06895", BEFORE, "Hội LHPN thị trấn Đầm Hà"),
        ("P22-06895", SINCE, "Hội LHPN xã Đầm Hà"),
        ("P46", date(2024, 12, 31), "Hội LHPN tỉnh Thừa Thiên Huế"),
        ("P46", date(2025, 1, 1), "Hội LHPN thành phố Huế"),
        ("P19-X01", date(2026, 1, 1), "Hội Phụ nữ Công an tỉnh Thái Nguyên"),
    ],
)
def test_a_branch_is_that_of_the_day(catalogue: Catalogue, code: str, on: date, name: str) -> None:
    branch = catalogue.branch(code, on)
    assert branch is not None
    assert branch.name_vi == name
    assert catalogue.explain_absence(code, on) is None


def test_a_district_branch_after_the_reform_is_explained(catalogue: Catalogue) -> None:
    assert catalogue.branch("P22-D200", SINCE) is None
    absence = catalogue.explain_absence("P22-D200", SINCE)
    assert absence is not None
    assert absence.kind == "not_valid_then"
    assert "30/06/2025" in absence.reason_vi
    assert "2025-06-30" in absence.reason_en
    assert "P22." in absence.reason_vi


def test_an_unknown_branch_is_explained(catalogue: Catalogue) -> None:
    absence = catalogue.explain_absence("P22-99999", SINCE)
    assert absence is not None
    assert absence.kind == "unknown"
    assert "P22-99999" in absence.reason_vi


def test_one_code_two_communes(catalogue: Catalogue) -> None:
    """Code 26485 was Xã Phú Hội; since 2025 it is Nhơn Trạch, a phường since April 2026."""
    old, new = catalogue.commune("26485", "GSO-2024"), catalogue.commune("26485", "GSO-2025")
    assert old is not None
    assert new is not None
    assert (old.name_vi, new.name_vi) == ("Xã Phú Hội", "Phường Nhơn Trạch")
    first = catalogue.commune("26485", "GSO-2025", date(2025, 12, 31))
    assert first is not None
    assert first.name_vi == "Xã Nhơn Trạch"


def test_the_old_code_system_outlives_the_reform(catalogue: Catalogue) -> None:
    late = catalogue.commune("26485", "GSO-2024", date(2026, 3, 31))
    assert late is not None
    assert late.name_vi == "Xã Phú Hội"
    assert catalogue.commune("06898", "GSO-2025") is None


def test_code_systems_have_all_their_communes(catalogue: Catalogue) -> None:
    assert len(catalogue.commune_codes("GSO-2024")) == 10035
    assert len(catalogue.commune_codes("GSO-2025")) == 3321


def test_a_region_is_that_of_the_day(catalogue: Catalogue) -> None:
    old, new = catalogue.region("province", "52", BEFORE), catalogue.region("province", "52", SINCE)
    assert old is not None
    assert new is not None
    assert (old.name_vi, new.name_vi) == ("Tỉnh Bình Định", "Tỉnh Gia Lai")
    assert catalogue.region("district", "200", SINCE) is None
    assert catalogue.region("province", "200", BEFORE) is None


# Periods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "calendar", "kind", "start", "end"),
    [
        ("2024-01", "union", "month", date(2023, 12, 15), date(2024, 1, 14)),
        ("2024-01", "bank", "month", date(2024, 1, 1), date(2024, 1, 31)),
        ("T2021-2026-H1", "union", "half_term", date(2021, 10, 1), date(2024, 3, 31)),
        ("2024-04/2024-09", "union", "span", date(2024, 3, 15), date(2024, 9, 14)),
        ("2023-12/2024-02", "bank", "span", date(2023, 12, 1), date(2024, 2, 29)),
        ("2024-01/2024-01", "union", "span", date(2023, 12, 15), date(2024, 1, 14)),
    ],
)
def test_a_period_has_its_own_days(
    catalogue: Catalogue, code: str, calendar: str, kind: str, start: date, end: date
) -> None:
    period = catalogue.period(code, calendar)
    assert period is not None
    assert (period.period_kind, period.start_date, period.end_date) == (kind, start, end)
    assert period.due_date > end


@pytest.mark.parametrize("code", ["2024-13", "2024-09/2024-04", "2024-00/2024-02", "2024-Q5", "quý I", ""])
def test_what_is_no_period(catalogue: Catalogue, code: str) -> None:
    assert catalogue.period(code) is None


def test_terms_are_no_periods_of_the_bank(catalogue: Catalogue) -> None:
    assert catalogue.period("T2021-2026", "bank") is None


@pytest.mark.parametrize("code", ["2025-01/2099-12", "1999-01/2025-12", "2024-09/2024-04"])
def test_a_span_of_months_that_the_calendar_does_not_have_is_no_period(catalogue: Catalogue, code: str) -> None:
    assert catalogue.period(code) is None


def test_spans_agree_with_the_named_periods(catalogue: Catalogue) -> None:
    for period in catalogue.periods:
        if period.period_kind == "quarter":
            year, quarter = int(period.period_code[:4]), int(period.period_code[-1])
            span = catalogue.period(f"{year}-{3 * quarter - 2:02}/{year}-{3 * quarter:02}", period.calendar)
            assert span is not None
            assert (span.start_date, span.end_date) == (period.start_date, period.end_date)


def test_terms_have_no_rule_for_their_days() -> None:
    with pytest.raises(ValueError, match="term"):
        cut((2021, 10), (2026, 9), PeriodRule("union", "term", None, None, 30))


# Forms ---------------------------------------------------------------------------------------------------------


def rows_of(catalogue: Catalogue, branch_code: str, period_code: str) -> set[tuple[str, str]]:
    period = catalogue.period(period_code)
    assert isinstance(period, Period)
    branch = catalogue.branch(branch_code, period.end_date)
    assert branch is not None
    return {(p.programme_code, i.indicator_code) for p, i in catalogue.form_rows(branch, period)}


def test_a_form_lists_what_runs_in_the_period_and_concerns_the_branch(catalogue: Catalogue) -> None:
    thai_nguyen = rows_of(catalogue, "P19", "T2021-2026-H1")
    assert ("NQ_TN_XIV", "COOPERATIVES_NEW") in thai_nguyen
    assert ("NQ_TW_XIII", "RESOLUTION_TARGETS_TOTAL_NATL") in thai_nguyen
    assert ("DDTE_QN", "CHILDREN_NUTRITION_HELPED") not in thai_nguyen
    quang_ninh = rows_of(catalogue, "P22", "2024-01")
    assert ("DA939", "WOMEN_STARTUP_SUPPORTED") in quang_ninh
    assert ("DDTE_QN", "CHILDREN_NUTRITION_HELPED") in quang_ninh
    assert "NQ_TN_XIV" not in {programme for programme, _ in quang_ninh}
    assert "DA2415" not in {programme for programme, _ in quang_ninh}


def test_an_ended_scheme_is_left_out_and_its_successor_is_in(catalogue: Catalogue) -> None:
    programmes = {programme for programme, _ in rows_of(catalogue, "P22-06895", "2026-03")}
    assert "DA2415" in programmes
    assert "DA939" not in programmes


def test_rows_of_one_programme_stand_together(catalogue: Catalogue) -> None:
    period, branch = catalogue.period("2024-01"), catalogue.branch("P22", date(2024, 1, 14))
    assert period is not None
    assert branch is not None
    programmes = [programme.programme_code for programme, _ in catalogue.form_rows(branch, period)]
    runs = [code for at, code in enumerate(programmes) if at == 0 or programmes[at - 1] != code]
    assert len(runs) == len(set(runs)) > 5


# Credit --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("programme", "on", "rates"),
    [
        ("HN", date(2025, 11, 30), {"6.6"}),
        ("HN", date(2025, 12, 1), {"6.24"}),
        ("HCN", date(2026, 1, 31), {"7.488"}),
        ("GQVL", date(2024, 1, 31), {"7.92", "3.96"}),
        ("NSVSMT", date(2025, 12, 31), {"8.4"}),
        ("SXKDVKK", date(2025, 12, 31), {"7.8"}),
        ("HMTN", date(2025, 12, 31), {"8.25"}),
        ("SEAWOMEN", date(2024, 1, 31), set()),
        ("?", date(2024, 1, 31), set()),
    ],
)
def test_rates_of_a_day(catalogue: Catalogue, programme: str, on: date, rates: set[str]) -> None:
    assert catalogue.rate_at(programme, on) == {Decimal(rate) for rate in rates}


def test_a_rate_carried_on_without_a_source_says_so(catalogue: Catalogue) -> None:
    assert [rate.is_confirmed for rate in catalogue.rates_at("HMTN", date(2025, 11, 30))] == [True]
    assert [rate.is_confirmed for rate in catalogue.rates_at("HMTN", date(2025, 12, 1))] == [False]


@pytest.mark.parametrize(
    ("programme", "on", "ceiling"),
    [
        ("HN", date(2024, 1, 31), "100000000"),
        ("GQVL", date(2024, 1, 31), "2000000000"),
        ("HSSV", date(2024, 1, 31), None),  # so much a month
        ("NSVSMT", date(2024, 1, 31), None),  # unconfirmed
        ("XKLD", date(2024, 1, 31), None),  # the whole cost
        ("NHA", date(2024, 1, 31), None),  # known for one kind only
        ("ND55_HO", date(2025, 6, 30), None),
        ("ND55_HO", date(2025, 7, 1), "300000000"),
        ("ND55_HTX", date(2026, 1, 1), "5000000000"),
    ],
)
def test_ceiling_of_a_day(catalogue: Catalogue, programme: str, on: date, ceiling: str | None) -> None:
    assert catalogue.ceiling_at(programme, on) == (Decimal(ceiling) if ceiling else None)


def test_banks_and_their_programmes(catalogue: Catalogue) -> None:
    assert set(catalogue.banks) == {"VBSP", "AGRIBANK", "TYM", "SEABANK", "OTHER"}
    assert catalogue.bank("VBSP") is not None
    assert catalogue.bank("vbsp") is None
    assert {programme.bank_code for programme in catalogue.credit_programmes.values()} == set(catalogue.banks)
    assert catalogue.credit_programme("HN") is not None


def test_in_force_counts_both_ends(catalogue: Catalogue) -> None:
    rates = tuple(rate for rate in catalogue.rates if rate.credit_programme == "HN")
    assert [rate.valid_from for rate in in_force(rates, date(2025, 11, 30))] == [date(2015, 1, 1)]
    assert [rate.valid_from for rate in in_force(rates, date(2025, 12, 1))] == [date(2025, 12, 1)]
    assert in_force(rates, date(2014, 12, 31)) == ()


def test_forms(catalogue: Catalogue) -> None:
    assert [(form.form, form.form_version, form.sheet_name) for form in catalogue.forms] == [("BM01", 1, "BaoCao")]
    assert {a.level for a in catalogue.form_assignments} == {"province", "district", "commune", "unit"}


@pytest.mark.parametrize(
    ("words", "unit_code"),
    [
        ("phụ nữ", "PERSON"),
        ("% hội viên phụ nữ", "PERCENT"),
        ("tổ hợp tác, HTX", "THT_HTX"),
        ("lớp tập huấn", "CLASS"),
        ("hộ", "HOUSEHOLD"),
        ("đồng", "VND"),
        ("lượt hội viên vay", "TURN"),
        ("cửa hàng", "SHOP"),
        ("hộ nghèo, cận nghèo", "HOUSEHOLD"),
        ("hợp tác xã", "HTX"),
        ("lao động nữ", "PERSON"),
        ("hộ phụ nữ nghèo", "HOUSEHOLD"),
        ("hộ phụ nữ cận nghèo", "HOUSEHOLD"),
        ("hộ phụ nữ", "HOUSEHOLD"),
        ("mái ấm tình thương", "HOUSE"),
        ("trẻ em mồ côi", "CHILD"),
        ("chỉ tiêu Nghị quyết Đại hội Phụ nữ tỉnh", "TARGET"),
        ("chỉ tiêu Nghị quyết Đại hội Phụ nữ toàn quốc", "TARGET"),
        ("chỉ tiêu vượt", "TARGET"),
        ("chỉ tiêu đạt", "TARGET"),
    ],
)
def test_words_behind_the_figures_of_the_documents_are_known(catalogue: Catalogue, words: str, unit_code: str) -> None:
    assert words in catalogue.units[unit_code].words_vi
