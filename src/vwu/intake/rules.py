"""The one catalogue of intake's rules: id, family, severity, owner and text in both languages (ARCHITECTURE rule 3).

A parser names a rule by its id and gives what the text needs; wording and severity live here and nowhere else.
Rules of branch submissions are in `submission/rules.py`, of bank feeds in `feed/rules.py`; this module joins them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vwu.identities import without_identity_numbers
from vwu.intake.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAMILIES = (
    "file", "structure", "validity", "consistency", "control",
    "reconciliation", "timeliness", "plausibility", "privacy",
)  # fmt: skip
# What XML 1.0 has no place for. Zero and lone surrogates have none in PostgreSQL and in UTF-8 either.
_UNSHOWABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `text_vi` and `text_en` are `str.format` templates over the same names, and say what to do."""

    rule_id: str
    family: str
    severity: Severity
    owner: str
    text_vi: str
    text_en: str
    # By the end of the reported period. By default always: what cannot be read cannot be read in any year.
    valid_from: date = date.min
    valid_to: date | None = None
    version: int = 1

    def holds(self, period_end: date) -> bool:
        """Whether a submission of a period that ends on this day is checked by this rule, whenever it is checked."""
        return self.valid_from <= period_end and (self.valid_to is None or period_end <= self.valid_to)


@cache
def rules() -> Mapping[str, Rule]:
    """Every intake rule by id. Raises ValueError when two rules share an id or a family is unknown."""
    from vwu.intake.feed.rules import FEED_RULES
    from vwu.intake.submission.rules import SUBMISSION_RULES

    catalogue: dict[str, Rule] = {}
    for rule in (*FILE_RULES, *SUBMISSION_RULES, *FEED_RULES):
        if rule.rule_id in catalogue or rule.family not in FAMILIES:
            raise ValueError(f"rule {rule.rule_id} is defined twice or has an unknown family {rule.family}")
        catalogue[rule.rule_id] = rule
    return MappingProxyType(catalogue)


def finding(
    rule_id: str,
    *,
    position: str = "",
    column: str = "",
    value: str = "",
    proposed: str | None = None,
    line_count: int = 1,
    **names: Any,
) -> Finding:
    """One finding of a rule; `names` fill the rule's texts beside position, column, value and proposed.

    Whatever is shown, a number of a person is masked: findings are read outside the vault (D9).
    """
    rule = rules()[rule_id]
    position, column, value = showable(position), _shown(column), _shown(value)
    proposed = None if proposed is None else _shown(proposed)
    names = {name: _shown(each) if isinstance(each, str) else each for name, each in names.items()}
    names |= {"position": position, "column": column, "value": value, "proposed": proposed, "lines": line_count}
    return Finding(
        rule_id=rule_id,
        family=rule.family,
        severity=rule.severity,
        message_vi=rule.text_vi.format(**names),
        message_en=rule.text_en.format(**names),
        position=position,
        column=column,
        value=value,
        proposed=proposed,
        line_count=line_count,
    )


def showable(text: str) -> str:
    """The text with U+FFFD for each character that cannot be shown in a workbook or kept in a database."""
    return text if text.isprintable() else _UNSHOWABLE.sub("\ufffd", text)


def _shown(text: str) -> str:
    return without_identity_numbers(showable(text))


def of_period(
    findings: Iterable[Finding], period_end: date, catalogue: Mapping[str, Rule] | None = None
) -> tuple[Finding, ...]:
    """The findings whose rule holds for a period that ends on this day: an old submission keeps its rules."""
    catalogue = rules() if catalogue is None else catalogue
    return tuple(each for each in findings if catalogue[each.rule_id].holds(period_end))


# Faults of a file before anybody knows what is in it.
FILE_RULES = (
    Rule(
        "FILE_EMPTY", "file", Severity.ERROR, "intake",
        "Tệp rỗng. Hãy gửi lại tệp có nội dung.",
        "The file is empty. Send it again with its content.",
    ),
    Rule(
        "FILE_UNKNOWN_KIND", "file", Severity.ERROR, "intake",
        "Không nhận ra loại tệp {value}. Hãy gửi biểu BM01 (.xlsx), tệp CSV theo mẫu, hoặc tệp ngân hàng kèm bản đối chiếu.",
        "The kind of file {value} is not recognised. Send form BM01 (.xlsx), the long CSV, or a bank file with its control record.",
    ),
    Rule(
        "FILE_UNREADABLE", "file", Severity.ERROR, "intake",
        "Không đọc được tệp: {detail_vi}. Hãy mở tệp, lưu lại rồi gửi lại.",
        "The file cannot be read: {detail_en}. Open it, save it again and send it again.",
    ),
    Rule(
        "FEED_SEQUENCE_LATE", "control", Severity.ERROR, "intake",
        "Số thứ tự {value} không lớn hơn số {in_force} đang có hiệu lực (biên nhận {by}). Nếu tệp này là bản đúng, hãy gửi lại với số thứ tự lớn hơn.",
        "Sequence {value} is not above {in_force}, which is in force (receipt {by}). If this file is the right one, send it with a higher sequence.",
    ),
)  # fmt: skip
