"""The suites of expectations/: what must be checked, counted from the files and from what is published.

Great Expectations drops an expectation that it cannot load and goes on with the rest, and it reports success for a
suite without expectations. So what must run is counted here, before it sees anything (ARCHITECTURE D7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vwu.intake.rules import FAMILIES

CATALOGUE = "catalogue.yml"
# Great Expectations' word -> ours.
SEVERITIES = {"critical": "error", "warning": "warning", "info": "info"}
_META = ("rule_id", "family", "owner", "reason_en", "reason_vi")
BATCH = "{batch}"  # in a check by SQL: its table
# What a check that judges each part by itself must not do: ask the clock, or read what is not published.
_NOT_OF_PARTS = re.compile(
    r"\b(?:now\s*\(|\w*timestamp\b|current_(?:date|time)|localtime"
    r"|(?:staging|intermediate|raw|vault|intake|seeds|quality|release|published|province)\.)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Check:
    """One expectation of a suite: its rule and its configuration as Great Expectations takes it."""

    rule_id: str
    table_name: str
    family: str
    severity: str
    owner: str
    reason_vi: str
    reason_en: str
    configuration: dict[str, Any]

    @property
    def query(self) -> str | None:
        """SQL that returns the offending rows, for the checks that are written as SQL."""
        text: str | None = self.configuration["kwargs"].get("unexpected_rows_query")
        return text

    @property
    def judges_parts(self) -> bool:
        """It says of a part's rows what it would say of them alone (`vwu.gate.narrowing`)."""
        judges: str | None = self.configuration["meta"].get("judges")
        return judges == "part"

    @property
    def reads(self) -> frozenset[str]:
        """The marts that it reads beside its own rows."""
        return frozenset(re.findall(r"\bmarts\.(\w+)", self.query or ""))


@dataclass(frozen=True)
class Suite:
    """All checks of one published table."""

    table_name: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Expected:
    """What the gate must run (`count` checks by the catalogue), and every reason why it cannot be trusted to know."""

    suites: tuple[Suite, ...]
    problems: tuple[str, ...]
    count: int

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for suite in self.suites for check in suite.checks)


def read_expected(folder: Path, tables: Iterable[str]) -> Expected:
    """Read every suite; `tables` are the published ones, each of which must have one.

    A fault is a problem that shuts the gate, never an exception: a missing, empty or unreadable suite, one for a table
    that is not published, a check without severity or reason, a rule id used twice, a difference from catalogue.yml.
    """
    problems: list[str] = []
    suites = []
    for table in sorted(set(tables)):
        suite = _read_suite(folder / f"{table}.yml", table, problems)
        if suite is not None:
            suites.append(suite)
    names = {path.stem for path in folder.glob("*.yml")} - {Path(CATALOGUE).stem}
    problems += [f"expectations/{name}.yml is for no published table" for name in sorted(names - set(tables))]
    catalogue = _read_catalogue(folder / CATALOGUE, problems)
    problems += _differences(catalogue, suites)
    return Expected(tuple(suites), tuple(problems), sum(len(rules) for rules in catalogue.values()))


def _read_suite(path: Path, table: str, problems: list[str]) -> Suite | None:
    text = _read_yaml(path, problems)
    if text is None:
        return None
    if text.get("name") != table or not isinstance(text.get("expectations"), list) or not text["expectations"]:
        problems.append(f"{path.name}: write `name: {table}` and at least one expectation")
        return None
    checks = []
    for number, configuration in enumerate(text["expectations"], start=1):
        check = _check(table, configuration)
        if check is None:
            problems.append(
                f"{path.name}: expectation {number} needs type, kwargs, severity {'/'.join(SEVERITIES)}, "
                f"and meta {', '.join(_META)}; if it says `judges: part`, it is critical, by SQL that starts from "
                f"… from {BATCH}), and reads marts alone"
            )
        else:
            checks.append(check)
    return Suite(table, tuple(checks))


def _check(table: str, configuration: Any) -> Check | None:
    """None when anything that a check must say is missing or unknown."""
    if not isinstance(configuration, dict) or not isinstance(configuration.get("kwargs"), dict):
        return None
    meta = configuration.get("meta") or {}
    severity = SEVERITIES.get(configuration.get("severity", ""))
    if severity is None or meta.get("family") not in FAMILIES or not all(meta.get(name) for name in _META):
        return None
    check = Check(
        rule_id=meta["rule_id"],
        table_name=table,
        family=meta["family"],
        severity=severity,
        owner=meta["owner"],
        reason_vi=" ".join(meta["reason_vi"].split()),
        reason_en=" ".join(meta["reason_en"].split()),
        configuration=configuration,
    )
    return check if "judges" not in meta or _may_judge_parts(check) else None


def _may_judge_parts(check: Check) -> bool:
    """Only an error: it held of all that was ever published, while rows that a warning names are told every time."""
    query = check.query or ""
    return (
        check.judges_parts
        and check.severity == "error"
        and query.count(BATCH) == 1
        and f"from {BATCH})" in query
        and not _NOT_OF_PARTS.search(query)
    )


def _read_catalogue(path: Path, problems: list[str]) -> dict[str, list[str]]:
    text = _read_yaml(path, problems)
    return {} if text is None else {str(table): list(rules or []) for table, rules in text.items()}


def _differences(catalogue: Mapping[str, list[str]], suites: list[Suite]) -> list[str]:
    """A check that was removed from a file, or added without being listed, or listed twice."""
    listed = [rule for rules in catalogue.values() for rule in rules]
    written = [check.rule_id for suite in suites for check in suite.checks]
    homes = {(table, rule) for table, rules in catalogue.items() for rule in rules}
    found = {(suite.table_name, check.rule_id) for suite in suites for check in suite.checks}
    twice = sorted({rule for rules in (listed, written) for rule in rules if rules.count(rule) > 1})
    return [
        *(f"rule {rule} of {table} is in {CATALOGUE} and in no suite" for table, rule in sorted(homes - found)),
        *(f"rule {rule} of {table} is in its suite and not in {CATALOGUE}" for table, rule in sorted(found - homes)),
        *(f"rule {rule} is there twice" for rule in twice),
    ]


def _read_yaml(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        text = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        problems.append(f"expectations/{path.name} is missing")
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(f"expectations/{path.name} cannot be read: {error}")
        return None
    if not isinstance(text, dict):
        problems.append(f"expectations/{path.name} is not a mapping")
        return None
    return text
