"""The life of a branch's report on a real database: compared with what came before, replaced, answered, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from json_output import machine_output

from vwu.catalogue import Catalogue, load_catalogue
from vwu.cli.main import main
from vwu.database import connect
from vwu.intake import landing, life
from vwu.intake.check import check, today
from vwu.intake.landing import IntakeError
from vwu.intake.model import Outcome, State, SubmissionScope
from vwu.intake.receive import receive
from vwu.intake.submission.check import check_submission
from vwu.intake.submission.history import MOST_PEERS, history_from_json
from vwu.settings import Settings

HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note"
STARTUP = "DA939,WOMEN_STARTUP_SUPPORTED,actual"
CLAIM = (
    "GIAMNGHEO,HOUSEHOLDS_ESCAPED_POVERTY_CLAIM,actual,in_period,hơn 2.000,HOUSEHOLD,",
    "GIAMNGHEO,POOR_HOUSEHOLDS_ESCAPED,actual,in_period,1547,HOUSEHOLD,",
)
NEAR_POOR = "GIAMNGHEO,NEARPOOR_HOUSEHOLDS_ESCAPED,actual,in_period,{},HOUSEHOLD,"
SCOPE = SubmissionScope("P22", "2024-02", "BM01")


@pytest.fixture
def catalogue(database: Settings) -> Catalogue:
    return load_catalogue(database.root / "seeds")


def report(settings: Settings, period: str, *lines: str, branch: str = "P22") -> Path:
    """A long CSV in the landing zone, under a name of its own; the lines begin with the programme."""
    folder = Path(settings.landing) / "branch_submissions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{branch} {period} {len(list(folder.iterdir())):03d}.csv"
    path.write_text("\n".join([HEADER, *(f"BM01,1,{branch},{period},{line}" for line in lines), ""]), "utf-8")
    return path


def send(settings: Settings, period: str, *lines: str, branch: str = "P22") -> Outcome:
    return receive(settings, str(report(settings, period, *lines, branch=branch)))


def do(settings: Settings, act: Callable[[Any], Any]) -> Any:
    with connect(settings, "loader") as connection:
        return act(connection)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    return do(settings, lambda connection: connection.execute(query.encode()).fetchall())  # type: ignore[no-any-return]


def startup(basis: str, value: Any, note: str = "") -> str:
    return f"{STARTUP},{basis},{value},PERSON,{note}"


def test_a_falling_cumulative_figure_is_rejected_until_it_is_noted_as_a_correction(database: Settings) -> None:
    send(database, "2024-01", startup("programme_to_date", 100))
    fallen = send(database, "2024-02", startup("programme_to_date", 99))
    assert (fallen.state, [each.rule_id for each in fallen.findings]) == (State.REJECTED, ["CUMULATIVE_FELL"])
    noted = send(database, "2024-02", startup("programme_to_date", 99, "Đính chính số tháng 1"))
    assert (noted.state, [each.rule_id for each in noted.findings]) == (State.LANDED, ["CUMULATIVE_CORRECTED"])


def test_checking_offline_with_the_history_says_the_same(database: Settings, catalogue: Catalogue) -> None:
    send(database, "2024-01", startup("in_period", 7), startup("programme_to_date", 100))
    send(database, "2024-02", startup("in_period", 7), startup("programme_to_date", 107))
    path = report(database, "2024-02", startup("in_period", 9), startup("programme_to_date", 120))
    history = do(database, lambda connection: life.read_history(connection, catalogue, SCOPE))
    kept = history_from_json(json.loads(json.dumps(history.as_json())))
    offline, outcome = check(path, catalogue, today(), {SCOPE: kept}), receive(database, str(path))
    assert [each.rule_id for each in offline.findings] == ["CUMULATIVE_DIFFERS"]
    assert (offline.findings, offline.changes, offline.values) == (outcome.findings, outcome.changes, outcome.values)
    assert [(each.basis, each.old, each.new) for each in outcome.changes] == [
        ("in_period", "7", "9"), ("programme_to_date", "107", "120"),
    ]  # fmt: skip
    assert check(path, catalogue, today()).findings == ()


def test_a_peer_is_a_branch_of_the_same_level(database: Settings, catalogue: Catalogue) -> None:
    members = "ALL,MEMBERS_TOTAL,actual,as_of,{},PERSON,"
    send(database, "2024-02", startup("in_period", 5), members.format(900), branch="P19")
    send(database, "2024-02", startup("in_period", 6), members.format(90), branch="P22-D200")
    history = do(database, lambda connection: life.read_history(connection, catalogue, SCOPE))
    assert {(each.branch_code, each.size) for each in history.peers} == {("P19", 900)}


def test_offline_with_all_peers_and_online_with_the_nearest_say_the_same(
    database: Settings, catalogue: Catalogue
) -> None:
    members = "ALL,MEMBERS_TOTAL,actual,as_of,{},PERSON,"
    scope = SubmissionScope("P22-06895", "2025-08", "BM01")
    others = [each for each in catalogue.branches_of("commune", date(2025, 8, 14)) if each.branch_code[:3] == "P22"]
    for number, branch in enumerate(others[: MOST_PEERS + 6]):
        if branch.branch_code != scope.branch_code:
            # The last ones are far larger and report far more: they would make 900 look usual.
            value, size = (5, 1000 + number) if number < MOST_PEERS else (900, 1900)
            send(
                database,
                scope.period_code,
                startup("in_period", value),
                members.format(size),
                branch=branch.branch_code,
            )
    path = report(
        database, scope.period_code, startup("in_period", 900), members.format(1000), branch=scope.branch_code
    )
    history = do(database, lambda connection: life.read_history(connection, catalogue, scope))
    (submission,), _ = check_submission(path.name, path.read_bytes(), catalogue, today())
    near = do(database, lambda connection: life.read_history(connection, catalogue, scope, submission))
    assert len({each.branch_code for each in near.peers}) == MOST_PEERS < len({e.branch_code for e in history.peers})
    offline, outcome = check(path, catalogue, today(), {scope: history}), receive(database, str(path))
    assert [each.rule_id for each in outcome.findings] == ["FAR_FROM_PEERS"]
    assert offline.findings == outcome.findings


def test_a_line_that_is_left_out_is_shown_as_a_change(database: Settings) -> None:
    send(database, "2024-02", startup("in_period", 7), startup("programme_to_date", 100))
    again = send(database, "2024-02", startup("in_period", 7))
    assert [(each.basis, each.old, each.new) for each in again.changes] == [("programme_to_date", "100", None)]


def findings_in_force(settings: Settings) -> list[tuple[Any, ...]]:
    """Rule and latest answer of what is in force."""
    return rows(
        settings,
        """select finding.rule_id, finding_answer.answer, finding_answer.answered_by from intake.finding
           inner join intake.scope on scope.receipt_id = finding.receipt_id
           left join intake.finding_answer using (finding_id)""",
    )


def test_an_answer_stays_while_the_value_is_unchanged(database: Settings) -> None:
    first = send(database, "2024-02", *CLAIM, NEAR_POOR.format(448))
    (found,) = first.findings
    finding_id = found.finding_id(str(first.receipt_id))
    do(database, lambda connection: landing.answer(connection, finding_id, "explained", "số làm tròn", "officer"))
    # The same figures two lines further down: the cell is another, the value is not.
    send(database, "2024-02", startup("in_period", 7), startup("year_to_date", 9), *CLAIM, NEAR_POOR.format(448))
    assert findings_in_force(database) == [("CLAIM_NOT_COVERED", "explained", "officer")]
    # Another component: the claim is the same, what is said of it is not.
    send(database, "2024-02", *CLAIM, NEAR_POOR.format(40))
    assert findings_in_force(database) == [("CLAIM_NOT_COVERED", None, None)]
    # What was explained once need not be explained again when the former figures come back.
    send(database, "2024-02", NEAR_POOR.format(448), *CLAIM)
    assert findings_in_force(database) == [("CLAIM_NOT_COVERED", "explained", "officer")]


@pytest.fixture
def strict(database: Settings, tmp_path: Path) -> Settings:
    """The same warehouse, with a form that the province approves."""
    import shutil

    root = tmp_path / "root"
    shutil.copytree(database.root / "seeds", root / "seeds")
    form = root / "seeds" / "form.csv"
    form.write_text(form.read_text("utf-8").replace("BaoCao,false", "BaoCao,true"), "utf-8")
    return replace(database, root=root)


def test_a_report_from_below_is_held_until_the_province_approves_it(strict: Settings) -> None:
    catalogue = load_catalogue(strict.root / "seeds")
    held = send(strict, "2024-02", startup("in_period", 7), branch="P22-D200")
    receipt = str(held.receipt_id)
    assert held.state is State.HELD
    with pytest.raises(IntakeError, match="not above"):
        do(strict, lambda connection: life.approve(connection, catalogue, receipt, "P19", "officer"))
    assert send(strict, "2024-02", startup("in_period", 7)).state is State.LANDED  # the province itself
    do(strict, lambda connection: life.approve(connection, catalogue, receipt, "P22", "officer"))
    assert rows(strict, "select state from intake.receipt order by received_at limit 1") == [("landed",)]
    # A new version needs a new approval; taking it back gives the approved one.
    again = send(strict, "2024-02", startup("in_period", 8), branch="P22-D200")
    assert again.state is State.HELD
    do(strict, lambda connection: landing.withdraw(connection, str(again.receipt_id), "officer", "nhầm tệp"))
    key = "submission|P22-D200|2024-02|BM01"
    assert rows(strict, f"select receipt_id, is_held from intake.scope where scope_key = '{key}'") == [(receipt, False)]


def test_one_report_of_a_file_is_approved_and_held_by_itself(strict: Settings) -> None:
    """A file with the reports of two districts of one province and one of another, each of which waits for approval."""
    catalogue = load_catalogue(strict.root / "seeds")
    branches = ("P22-D200", "P22-D201", "P19-D164")
    one, two, other = (f"submission|{branch}|2024-02|BM01" for branch in branches)
    outcome = receive(
        strict, str(several(strict, *((branch, "2024-02", startup("in_period", 7)) for branch in branches)))
    )
    receipt = str(outcome.receipt_id)

    def approve(branch: str, scope_key: str | None = None) -> Any:
        return do(strict, lambda each: life.approve(each, catalogue, receipt, branch, "officer", scope_key))

    def hold(reason: str, scope_key: str | None = None, *, lift: bool = False) -> Any:
        act = landing.lift if lift else landing.hold
        return do(strict, lambda each: act(each, receipt, reason, "officer", scope_key))

    def stands() -> tuple[set[str], str, str]:
        """What is held, and what the receipt says of it."""
        held = rows(strict, "select scope_key from intake.scope where is_held")
        ((state, reason),) = rows(strict, "select state, reason_en from intake.receipt")
        return {key for (key,) in held}, state, reason

    assert stands() == ({one, two, other}, "held", landing.APPROVAL_NEEDED[1])
    for branch, key in (("P22", None), ("P22", other), ("P19", one)):
        with pytest.raises(IntakeError, match="not above"):
            approve(branch, key)
    with pytest.raises(IntakeError, match="not in force of submission"):
        approve("P22", "submission|P22-D202|2024-02|BM01")
    assert approve("P22", one) == [one]
    assert stands() == ({two, other}, "held", landing.APPROVAL_NEEDED[1])
    with pytest.raises(IntakeError, match="waits for no approval"):
        approve("P22", one)
    assert hold("ten times", one) == [one]
    assert stands() == ({one, two, other}, "held", "ten times")
    with pytest.raises(IntakeError, match="waits for no approval"):  # that is held by hand
        approve("P22", one)
    with pytest.raises(IntakeError, match=r"D201.* is not held by hand"):
        hold("confirmed", two, lift=True)
    assert approve("P22", two) == [two]
    assert approve("P19", other) == [other]
    assert stands() == ({one}, "held", landing.HELD_BEFORE[1])
    assert hold("doubted too", two) == [two]
    assert hold("confirmed", one, lift=True) == [one]
    assert stands() == ({two}, "held", landing.HELD_BEFORE[1])
    do(strict, lambda each: landing.withdraw(each, receipt, "officer", "sent twice", other))
    assert stands() == ({two}, "held", landing.HELD_BEFORE[1])
    assert hold("confirmed", lift=True) == [two]
    assert stands() == (set(), "landed", "")
    # Who replaces one report asks for its approval alone.
    again = send(strict, "2024-02", startup("in_period", 8), branch="P22-D200")
    assert rows(strict, "select scope_key from intake.scope where is_held") == [(one,)]
    assert (again.state, state_of(strict, outcome)) == (State.HELD, "landed")
    acts = rows(strict, "select action, scope_key from intake.event where action in ('approve', 'hold', 'lift')")
    assert acts == [
        ("approve", one), ("hold", one), ("approve", two), ("approve", other), ("hold", two), ("lift", one),
        ("lift", two),
    ]  # fmt: skip


def test_the_verbs_take_one_report_of_a_file(
    strict: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vwu.settings.load_settings", lambda: strict)
    branches = ("P22-D200", "P22-D201")
    one, two = (f"submission|{branch}|2024-02|BM01" for branch in branches)
    both = several(strict, *((branch, "2024-02", startup("in_period", 7)) for branch in branches))
    receipt = str(receive(strict, str(both)).receipt_id)

    def held() -> set[str]:
        return {key for (key,) in rows(strict, "select scope_key from intake.scope where is_held")}

    for verb, left in (
        (["approve", receipt, "--as", "P22", "--scope", one], {two}),
        (["hold", receipt, "--scope", one, "--reason", "gấp mười"], {one, two}),
        (["hold", receipt, "--lift", "--scope", one, "--reason", "đã xác nhận"], {two}),
        (["withdraw", receipt, "--scope", two, "--reason", "nhầm tệp"], set()),
    ):
        assert main([*verb, "--json"]) == 0
        assert held() == left
        said = machine_output(verb[0], capsys.readouterr().out)
        assert one in str(said) or verb[0] == "withdraw"
        assert main(["receipts", "--json"]) == 0
        (told,) = json.loads(capsys.readouterr().out)["receipts"]
        assert set(filter(None, (told["held_scopes"] or "").split(", "))) == left
    assert main(["hold", "--failed", "--scope", one, "--reason", "x"]) == 2


def test_a_late_report_is_excused_with_reason_approver_and_end(database: Settings, catalogue: Catalogue) -> None:
    def excuse(until: date, reason: str = "bão lũ", branch: str = "P22") -> None:
        scope = replace(SCOPE, branch_code=branch)
        do(database, lambda connection: life.excuse(
            connection, catalogue, scope, reason=reason, approved_by="Ban Thường vụ", expires_on=until, who="officer",
        ))  # fmt: skip

    for match, wrong in (
        ("due on", {"until": date(2024, 2, 19)}),
        ("reason", {"until": date(2024, 3, 1), "reason": " "}),
        ("no branch", {"until": date(2024, 3, 1), "branch": "P99"}),
    ):
        with pytest.raises(IntakeError, match=match):
            excuse(**wrong)  # type: ignore[arg-type]
    excuse(date(2024, 3, 1))
    assert rows(database, "select branch_code, approved_by, expires_on, recorded_by from intake.late_exception") == [
        ("P22", "Ban Thường vụ", date(2024, 3, 1), "officer")
    ]
    assert rows(database, "select action, scope_key from intake.event") == [("excuse", SCOPE.key)]


@pytest.mark.parametrize(
    "scope",
    [
        SubmissionScope("P98", "2024-01", "BM01"),
        SubmissionScope("P22", "2024-13", "BM01"),
        SubmissionScope("P22", "2024-01", "BM99"),
    ],
)
def test_an_unknown_report_has_no_empty_history(
    database: Settings, catalogue: Catalogue, scope: SubmissionScope
) -> None:
    with connect(database, "loader") as connection, pytest.raises(IntakeError, match="there is no"):
        life.read_history(connection, catalogue, scope)


# Several reports in one file


def several(settings: Settings, *lines: tuple[str, str, str]) -> Path:
    """A long CSV with a line of each (branch, period, line)."""
    path = report(settings, "nhiều")
    text = "".join(f"BM01,1,{branch},{period},{line}\n" for branch, period, line in lines)
    path.write_text(f"{HEADER}\n{text}", "utf-8")
    return path


def in_force(settings: Settings) -> dict[tuple[str, str], tuple[str | None, Any]]:
    """What speaks for each report: its file's receipt, and its figure."""
    found = rows(
        settings,
        """select scope.branch_code, scope.period_code, scope.receipt_id, raw.value from intake.scope
           left join raw.submission_value as raw
               on raw.receipt_id = scope.receipt_id and raw.scope_key = scope.scope_key""",
    )
    return {(branch, period): (receipt_id, value) for branch, period, receipt_id, value in found}


def state_of(settings: Settings, outcome: Outcome) -> str:
    return str(rows(settings, f"select state from intake.receipt where receipt_id = '{outcome.receipt_id}'")[0][0])


A, B = ("P22", "2024-02"), ("P19", "2024-02")


def test_each_report_of_a_file_is_replaced_and_taken_back_by_itself(database: Settings) -> None:
    both = receive(database, str(several(database, (*A, startup("in_period", 7)), (*B, startup("in_period", 8)))))
    assert (both.state, len(both.scopes), both.row_count) == (State.LANDED, 2, 2)
    one = send(database, "2024-02", startup("in_period", 9))
    assert [(each.old, each.new, each.scope_key) for each in one.changes] == [("7", "9", SCOPE.key)]
    assert in_force(database) == {A: (one.receipt_id, 9), B: (both.receipt_id, 8)}
    assert (state_of(database, both), state_of(database, one)) == ("landed", "landed")
    other = send(database, "2024-02", startup("in_period", 10), branch="P19")
    assert state_of(database, both) == "superseded"

    def withdraw(outcome: Outcome, scope_key: str | None = None) -> list[str]:
        return do(  # type: ignore[no-any-return]
            database, lambda each: landing.withdraw(each, str(outcome.receipt_id), "officer", "nhầm tệp", scope_key)
        )

    assert withdraw(one) == [SCOPE.key]
    assert in_force(database) == {A: (both.receipt_id, 7), B: (other.receipt_id, 10)}
    assert (state_of(database, both), state_of(database, one)) == ("landed", "withdrawn")
    assert withdraw(both, SCOPE.key) == [SCOPE.key]
    assert in_force(database) == {A: (None, None), B: (other.receipt_id, 10)}
    assert state_of(database, both) == "superseded"
    # What is left of the first file comes back; what was taken back of it does not.
    withdraw(other)
    assert in_force(database) == {A: (None, None), B: (both.receipt_id, 8)}
    assert state_of(database, both) == "landed"
    with pytest.raises(IntakeError, match="does not report"):
        withdraw(both, SCOPE.key)
    withdraw(both)
    assert in_force(database) == {A: (None, None), B: (None, None)}
    assert state_of(database, both) == "withdrawn"


def test_one_report_that_cannot_be_taken_refuses_its_file_and_says_where(database: Settings) -> None:
    path = several(database, (*A, startup("in_period", 7)), (*B, startup("in_period", "bảy")))
    outcome = receive(database, str(path))
    assert outcome.state is State.REJECTED
    assert [(each.position, each.scope_key) for each in outcome.findings] == [
        (f"{path.name}:3", "submission|P19|2024-02|BM01")
    ]
    assert in_force(database) == {}


def test_periods_of_one_file_are_compared_with_each_other(database: Settings, catalogue: Catalogue) -> None:
    send(database, "2024-02", startup("programme_to_date", 90))
    path = several(
        database,
        ("P22", "2024-01", startup("programme_to_date", 100)),
        ("P22", "2024-02", startup("programme_to_date", 99)),
    )
    # In force is a February below the new January: it is replaced by the same file, so it counts no more.
    found = check(path, catalogue, today()).findings
    assert [(each.rule_id, each.position) for each in found] == [
        ("CUMULATIVE_FELL", f"{path.name}:2"), ("CUMULATIVE_FELL", f"{path.name}:3"),
    ]  # fmt: skip
    assert receive(database, str(path)).findings == found
    path.write_text(path.read_text("utf-8").replace(",99,", ",109,"), "utf-8")
    assert receive(database, str(path)).state is State.LANDED


def test_a_finding_is_open_while_its_report_counts(
    database: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vwu.settings.load_settings", lambda: database)
    claims = [(*each, line) for each in (A, B) for line in (*CLAIM, NEAR_POOR.format(448))]
    both = receive(database, str(several(database, *claims)))
    assert [each.scope_key for each in both.findings] == [SCOPE.key, "submission|P19|2024-02|BM01"]
    send(database, "2024-02", startup("in_period", 7))
    assert main(["findings", "--json"]) == 0
    assert [each["scope_key"] for each in json.loads(capsys.readouterr().out)["findings"]] == [
        "submission|P19|2024-02|BM01"
    ]
    assert main(["withdraw", str(both.receipt_id), "--scope", "submission|P19|2024-02|BM01", "--reason", "nhầm"]) == 0
    assert main(["findings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("release without it")[2])["findings"] == []
