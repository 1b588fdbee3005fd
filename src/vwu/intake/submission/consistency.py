"""What the figures of one submission say about each other: parts and wholes, claims and components, ratios and bases.

Bounds are respected (ARCHITECTURE D3): only what no reading of the bounds can make right is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vwu.intake.model import Finding, Quantity, SubmissionValue
from vwu.intake.rules import finding
from vwu.intake.submission.values import format_number, quantity_of

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue, Indicator

Key = tuple[str, str, str]  # indicator, scenario, basis
ByIndicator = Mapping[Key, list[SubmissionValue]]

# Exceeded and met targets exclude each other and are both parts of the total (DOMAIN A.3 no. 4).
_TARGET_UNIT = "TARGET"
_FULL = Decimal(100)


def check_consistency(values: tuple[SubmissionValue, ...], catalogue: Catalogue) -> Iterator[Finding]:
    """Findings across the figures of one submission, in the order of the figures."""
    yield from _twice(values)
    reported: dict[Key, list[SubmissionValue]] = {}
    said = [_nil_as_zero(value) for value in values if value.quantity.value_state in ("reported", "nil")]
    for value in said:
        reported.setdefault((value.indicator_code, value.scenario, value.basis), []).append(value)
    for value in said:
        indicator = catalogue.indicators[value.indicator_code]
        yield from _over_parent(value, indicator, reported, catalogue)
        yield from _claim(value, indicator, reported, catalogue)
        yield from _ratio(value, indicator, reported, catalogue)
        yield from _undetermined(value, indicator)
    yield from _targets(reported, catalogue)


def _nil_as_zero(value: SubmissionValue) -> SubmissionValue:
    """In sums and comparisons, nothing to report is nought; what nobody reported is left out of them."""
    return replace(value, quantity=quantity_of(Decimal(0))) if value.quantity.value_state == "nil" else value


def _twice(values: tuple[SubmissionValue, ...]) -> Iterator[Finding]:
    """One grain, one value: a second one is refused even when it says the same."""
    seen: dict[tuple[str, str, str, str], SubmissionValue] = {}
    for value in values:
        first = seen.setdefault((value.programme_code, value.indicator_code, value.scenario, value.basis), value)
        if first is not value:
            yield finding(
                "VALUE_TWICE", position=value.position, value=value.raw_text, other=first.position,
                indicator=value.indicator_code, programme=value.programme_code,
            )  # fmt: skip


def _named(role: str, indicator_code: str | None, catalogue: Catalogue) -> dict[str, Any]:
    """What a message calls an indicator: its name, and the code that stands in its line."""
    indicator = catalogue.indicator(indicator_code or "")
    if indicator is None:
        return {f"{role}_vi": "…", f"{role}_en": "…"}
    return {
        f"{role}_vi": f"“{indicator.name_vi}” ({indicator_code})",
        f"{role}_en": f"“{indicator.name_en}” ({indicator_code})",
    }


def _over_parent(
    value: SubmissionValue, indicator: Indicator, reported: ByIndicator, catalogue: Catalogue
) -> Iterator[Finding]:
    """A part is at most its whole, where the bounds of both leave no way out."""
    parent = _beside(value, indicator.parent_code, reported)
    least, most = value.quantity.lower_bound, parent.quantity.upper_bound if parent else None
    if parent is not None and least is not None and most is not None and _exceeds(value.quantity, least, most):
        yield finding(
            "CHILD_OVER_PARENT", position=value.position, value=value.raw_text, parent_value=parent.raw_text,
            other=parent.position, **_named("child", value.indicator_code, catalogue),
            **_named("parent", parent.indicator_code, catalogue),
        )  # fmt: skip


def _exceeds(quantity: Quantity, least: Decimal, most: Decimal) -> bool:
    return least > most or (least == most and quantity.qualifier == "more_than")


def _beside(value: SubmissionValue, indicator_code: str | None, reported: ByIndicator) -> SubmissionValue | None:
    """The value of another indicator of the same scenario and basis; of the same programme if there is one."""
    if indicator_code is None:
        return None
    found = reported.get((indicator_code, value.scenario, value.basis), [])
    same = [each for each in found if each.programme_code == value.programme_code]
    return next(iter(same or found), None)


def _claim(
    value: SubmissionValue, indicator: Indicator, reported: ByIndicator, catalogue: Catalogue
) -> Iterator[Finding]:
    """A claim against the sum of its components, whatever programme they are reported under (DOMAIN A.3 no. 1)."""
    found = [_beside(value, code, reported) for code in indicator.component_codes]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        return
    lowers, uppers = [p.quantity.lower_bound for p in parts], [p.quantity.upper_bound for p in parts]
    least = None if None in lowers else sum((each for each in lowers if each is not None), Decimal(0))
    most = None if None in uppers else sum((each for each in uppers if each is not None), Decimal(0))
    is_whole = catalogue.units[value.unit_code].is_whole
    difference = _gap(value.quantity, least, most, is_whole)
    if difference is None:
        return
    yield finding(
        "CLAIM_NOT_COVERED", position=value.position, value=value.raw_text,
        parts=" + ".join(f"{part.raw_text} ({part.position})" for part in parts),
        sum=format_number(sum((part.quantity.value or Decimal(0) for part in parts), Decimal(0))),
        difference=format_number(difference),
    )  # fmt: skip


def _gap(claim: Quantity, least: Decimal | None, most: Decimal | None, is_whole: bool) -> Decimal | None:
    """The least by which a claim and a sum (from `least` to `most`) miss each other; None when they can agree.

    `hơn 2.000` of whole things is at least 2.001.
    """
    step = Decimal(1) if is_whole else Decimal(0)
    low, high = claim.lower_bound, claim.upper_bound
    low = low + step if low is not None and claim.qualifier == "more_than" else low
    high = high - step if high is not None and claim.qualifier == "less_than" else high
    if low is not None and most is not None and most < low:
        return low - most
    if high is not None and least is not None and least > high:
        return least - high
    return None


def _ratio(
    value: SubmissionValue, indicator: Indicator, reported: ByIndicator, catalogue: Catalogue
) -> Iterator[Finding]:
    if indicator.measure != "ratio" or value.quantity.value is None:
        return
    numerator = _beside(value, indicator.numerator_code, reported)
    denominator = _beside(value, indicator.denominator_code, reported)
    if value.quantity.value > _FULL and _is_part(indicator, catalogue):
        yield finding("RATIO_OVER_HUNDRED", position=value.position, value=value.raw_text)
    if numerator is None or denominator is None:
        yield finding(
            "RATIO_WITHOUT_BASE", position=value.position, value=value.raw_text,
            **_named("numerator", indicator.numerator_code, catalogue),
            **_named("denominator", indicator.denominator_code, catalogue),
        )  # fmt: skip
        return
    yield from _recomputed(value, numerator.quantity, denominator.quantity)


def _is_part(indicator: Indicator, catalogue: Catalogue) -> bool:
    """Whether the numerator is a part of the denominator, so that the ratio cannot pass 100 %."""
    numerator = catalogue.indicator(indicator.numerator_code or "")
    return numerator is not None and numerator.parent_code == indicator.denominator_code is not None


def _recomputed(value: SubmissionValue, numerator: Quantity, denominator: Quantity) -> Iterator[Finding]:
    """Exact ratios are recomputed; rounding and cutting off at the last written digit are both accepted."""
    exact = all(each.qualifier == "exact" for each in (value.quantity, numerator, denominator))
    stated, over, under = value.quantity.value, numerator.value, denominator.value
    if not exact or stated is None or over is None or not under:
        return
    computed = over * _FULL / under
    exponent = stated.as_tuple().exponent
    if abs(computed - stated) >= Decimal(1).scaleb(min(0, int(exponent))):
        shown = format_number(round(computed, 2)) + "%"
        yield finding("RATIO_DIFFERS", position=value.position, value=value.raw_text, computed=shown)


def _undetermined(value: SubmissionValue, indicator: Indicator) -> Iterator[Finding]:
    if indicator.measure == "undetermined":
        yield finding(
            "MEASURE_UNDETERMINED", position=value.position, value=value.raw_text,
            reason_vi=indicator.undetermined_reason_vi or "", reason_en=indicator.undetermined_reason_en or "",
        )  # fmt: skip


def _targets(reported: ByIndicator, catalogue: Catalogue) -> Iterator[Finding]:
    """Targets exceeded and targets met of one resolution are together at most its targets, planned or as of now."""
    parts: dict[tuple[str, str], list[SubmissionValue]] = {}
    for (code, scenario, _), values in reported.items():
        parent = catalogue.indicators[code].parent_code
        if parent is not None and scenario == "actual" and values[0].unit_code == _TARGET_UNIT:
            for value in values:
                parts.setdefault((parent, value.programme_code), []).append(value)
    for (parent, programme), values in parts.items():
        totals = [
            each.quantity.upper_bound
            for (code, _, _), found in reported.items() if code == parent
            for each in found if each.programme_code == programme
        ]  # fmt: skip
        total = next((each for each in totals if each is not None), None)
        least = sum((value.quantity.lower_bound or Decimal(0) for value in values), Decimal(0))
        if total is not None and least > total:
            yield finding(
                "TARGETS_OVER_TOTAL", position=values[-1].position, value=values[-1].raw_text,
                sum=format_number(least), total=format_number(total),
            )  # fmt: skip
