"""Findings of a feed and the lines that they concern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vwu.intake.model import Finding
from vwu.intake.rules import finding

MOST_LINES = 100
"""A finding names the first so many lines, and says how many there are in all."""


def line_finding(
    rule_id: str, file_name: str, lines: Sequence[int], count: int, *, column: str = "", **names: Any
) -> Finding:
    """A finding on physical lines of a data file (the header is line 1); `lines` are the first, in order."""
    listed = ", ".join(str(line) for line in lines[:MOST_LINES])
    more_vi, more_en = ("", "") if count <= 1 else (f" (tất cả {count} dòng)", f" ({count} lines in all)")
    return finding(
        rule_id,
        position=f"{file_name}:{lines[0]}",
        column=column,
        line_count=count,
        at_vi=f"{file_name} dòng {listed}{more_vi}",
        at_en=f"{file_name} line {listed}{more_en}",
        **names,
    )
