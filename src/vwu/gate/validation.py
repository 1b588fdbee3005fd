"""Running suites with Great Expectations, in memory: nothing that it writes holds the database's password."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from vwu.gate.moment import at_moment
from vwu.gate.suites import Check, Suite
from vwu.identities import IDENTITY_NUMBER
from vwu.settings import Settings

MARTS = "marts"


@dataclass(frozen=True)
class CheckResult:
    """What one check found; `failure` is set when it could not run, which is never a pass."""

    check: Check
    success: bool
    observed: str = ""
    unexpected_count: int | None = None
    failure: str = ""
    sample: tuple[Any, ...] = ()


@contextmanager
def open_context(settings: Settings, snapshot: str = "") -> Iterator[Any]:
    """A Great Expectations context in memory with the candidate as its only source; it sends nothing anywhere.

    Its checks see the moment of `snapshot` (`vwu.gate.moment`), or, without one, each its own. Its connections are
    closed with it.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what it says is in the verdict, without noise
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    source = context.data_sources.add_postgres("candidate", connection_string=connection_string(settings))
    execution = source.get_execution_engine()
    if snapshot:
        at_moment(execution.engine, snapshot)
    try:
        yield context
    finally:
        execution.close()
        execution.engine.dispose()
        source.get_engine().dispose()


LIMITS = ("max_held_share", "max_held_feed_share", "max_held_days", "small_cell", "dominance_pct")


def limits(settings: Settings) -> dict[str, str]:
    """What a check reads as `current_setting('vwu.…')`."""
    return {f"vwu.{name}": str(getattr(settings, name)) for name in LIMITS} | {"vwu.identity_number": IDENTITY_NUMBER}


def session(settings: Settings) -> dict[str, str]:
    """What a check is run with: its limits, and how it is planned.

    The planner cannot know how many rows a step of a check gives. Where it expects one, it would hold each against all
    of the next, row by row or by one key of several. A join by hashing takes all keys at once, and a check reads the
    whole candidate anyway.
    """
    planner = {"enable_nestloop": "off", "enable_mergejoin": "off"}
    patience = {"lock_timeout": "60s"}  # behind somebody who waits for the gate's own lock, a check would wait for ever
    return limits(settings) | planner | patience


def connection_string(settings: Settings) -> str:
    """The publisher's URI for SQLAlchemy; it finds marts first."""
    parts = urlsplit(settings.database_url("publisher"))
    options = f"-c search_path={MARTS} " + " ".join(f"-c {name}={value}" for name, value in session(settings).items())
    query = [*parse_qsl(parts.query), ("options", options), ("application_name", "vwu gate")]
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", query=urlencode(query, quote_via=quote)))


def run_suite(context: Any, suite: Suite) -> list[CheckResult]:
    """Every check of a suite, in its order: exactly one result each, a failure where the library gave none."""
    try:
        results = _validate(context, suite)
    except Exception as error:  # nothing fails open: whatever the library raises is a failure of each check
        return [CheckResult(check, False, failure=_one_line(error)) for check in suite.checks]
    return [_result(check, results.get(check.rule_id, [])) for check in suite.checks]


def _validate(context: Any, suite: Suite) -> dict[str, list[Any]]:
    """Results by rule id. An expectation that the library could not load has none."""
    import great_expectations as gx

    configurations = [_as_asked(check, _counting()) for check in suite.checks]
    asset = context.data_sources.get("candidate").add_table_asset(suite.table_name, table_name=suite.table_name)
    definition = gx.ValidationDefinition(
        name=suite.table_name,
        data=asset.add_batch_definition_whole_table("candidate"),
        suite=context.suites.add(gx.ExpectationSuite(name=suite.table_name, expectations=configurations)),
    )
    outcome = context.validation_definitions.add(definition).run(result_format="BASIC")
    results: dict[str, list[Any]] = {}
    for result in outcome.results:
        results.setdefault(result.expectation_config.meta["rule_id"], []).append(result)
    return results


@cache
def _counting() -> str:
    """The library's check by SQL that counts the rows and does not fetch them; the name by which it now knows it.

    Its own asks each query twice, for the rows and for their number, and then throws the rows away. Those that we keep,
    of failed checks alone, `vwu.gate.record` asks for.
    """
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

    class UnexpectedRowsCounted(UnexpectedRowsExpectation):
        metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

        def _validate(self, metrics: dict[str, Any], *given: Any, **named: Any) -> Any:
            return super()._validate({"unexpected_rows_query.table": [], **metrics}, *given, **named)

    return str(UnexpectedRowsCounted.expectation_type)


def _as_asked(check: Check, kind: str) -> dict[str, Any]:
    """The configuration; of a query, as the `kind` that counts, and with an alias for `{batch}`.

    PostgreSQL 15 asks for an alias. The library adds one of its own, but not to a query with a join: so every query
    gets a join, of one row.
    """
    if check.query is None:
        return check.configuration
    query = check.query.replace("{batch}", "{batch} as batch cross join (select) as one_row")
    kwargs = check.configuration["kwargs"] | {"unexpected_rows_query": query}
    return check.configuration | {"type": kind, "kwargs": kwargs}


def _result(check: Check, found: list[Any]) -> CheckResult:
    if len(found) != 1:
        return CheckResult(check, False, failure=f"the check gave {len(found)} results: it could not be loaded")
    result = found[0]
    failure = _raised(result.exception_info)
    if failure:
        return CheckResult(check, False, failure=failure)
    values = result.result
    count = values.get("unexpected_count")
    observed = values.get("observed_value")
    if check.query is not None and isinstance(observed, int):
        count = observed
    return CheckResult(
        check,
        success=result.success is True,
        observed="" if observed is None else str(observed),
        unexpected_count=count,
        sample=tuple(values.get("partial_unexpected_list") or ()),
    )


def _raised(info: Any) -> str:
    """The message of an exception that the library caught; it keeps one dict, or one dict a metric."""
    entries = [info, *(value for value in (info or {}).values() if isinstance(value, dict))]
    for entry in entries:
        if entry and entry.get("raised_exception"):
            return _one_line(entry.get("exception_message") or "it raised an exception")
    return ""


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
