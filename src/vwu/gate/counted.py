"""The library's check by SQL, asked once. Importing this imports Great Expectations, which takes seconds."""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation


class UnexpectedRowsCounted(UnexpectedRowsExpectation):
    """Counts the rows that a query returns and does not fetch them.

    The library asks each query twice, for the rows and for their number, and then throws the rows away. Those that we
    keep, of failed checks alone, `vwu.gate.record` asks for.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *given: Any, **named: Any) -> Any:
        return super()._validate({"unexpected_rows_query.table": [], **metrics}, *given, **named)
