"""Which programme, indicator and unit a line means, by code or by name; and whether they belong together and to now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from vwu.intake.model import Finding
from vwu.intake.rules import finding
from vwu.intake.submission.entries import Line, Place
from vwu.intake.submission.values import Notation, Vocabulary, read_unit

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue, Indicator, Programme, Unit
    from vwu.intake.submission.head import Head

_NUMBERING = re.compile(r"^\s*(?:[-+*•·]|\(?(?:\d{1,2}|[IVXivx]{1,4}|[A-Za-zđ])[.)/])\s*")
_OF_WHICH = re.compile(r"^\s*(?:trong đó|trong do)\s*:?\s*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*$")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line is about: programme, indicator, its unit, and what the unit column declares."""

    programme: Programme
    indicator: Indicator
    unit: Unit
    notation: Notation


class SubjectRefusedError(Exception):
    """A line that is not understood; `found` says why."""

    def __init__(self, found: Finding) -> None:
        super().__init__(found.rule_id)
        self.found = found


class Subjects:
    """Looks up the subject of each line in the light of the head."""

    def __init__(self, catalogue: Catalogue, head: Head, vocabulary: Vocabulary) -> None:
        self.catalogue, self.head, self.vocabulary = catalogue, head, vocabulary

    def of(self, line: Line) -> tuple[Subject, tuple[Finding, ...]]:
        """The subject of a line, with warnings. Raises SubjectRefusedError when there is not exactly one."""
        given, programme_text = self._given_programme(line)
        indicator, findings = self._indicator(line, given)
        self._check_dates(indicator, line)
        programme = self._programme(line, programme_text, given, indicator)
        unit = self.catalogue.units[indicator.unit_code]
        exponent, found = self._exponent(line, indicator, unit)
        notation = Notation(exponent, self.head.decimal_mark)
        return Subject(programme, indicator, unit, notation), (*findings, *found)

    # Indicator

    def _indicator(self, line: Line, programme: str | None) -> tuple[Indicator, list[Finding]]:
        place = line.indicator_place
        if not line.indicator:
            codes = self._by_label(line.label, programme)
            code = self._only(codes, line.label, place)
            info = finding(
                "INDICATOR_BY_LABEL", position=place.position, column=place.column, value=line.label, proposed=code
            )
            return self.catalogue.indicators[code], [info]
        exact = self.catalogue.indicator(line.indicator)
        codes = (exact.indicator_code,) if exact else self.catalogue.match_indicator(line.indicator)
        code = self._only(codes, line.indicator, place)
        named = self._by_label(line.label, None)
        if named and code not in named:
            raise _refused("INDICATOR_LABEL_CONTRADICTS", place, code, label=line.label, other=", ".join(named))
        return self.catalogue.indicators[code], []

    def _only(self, codes: tuple[str, ...], text: str, place: Place) -> str:
        if len(codes) == 1:
            return codes[0]
        if codes:
            raise _refused("INDICATOR_LABEL_AMBIGUOUS", place, text, candidates=", ".join(codes))
        close = self._close_to(text)
        hint_vi, hint_en = (f" Có phải {close}?", f" Is {close} meant?") if close else ("", "")
        raise _refused("INDICATOR_UNKNOWN", place, text, close, hint_vi=hint_vi, hint_en=hint_en)

    def _by_label(self, label: str, programme: str | None) -> tuple[str, ...]:
        """Codes by name; numbering, `trong đó` and a unit in brackets are no part of a name."""
        bare = _OF_WHICH.sub("", _NUMBERING.sub("", label))
        for text in (label, bare, _IN_BRACKETS.sub("", bare)):
            codes = self.catalogue.match_indicator(text, programme) if text else ()
            if codes:
                return codes
        return ()

    def _close_to(self, text: str) -> str | None:
        from difflib import get_close_matches

        return next(iter(get_close_matches(text.upper()[:80], list(self.catalogue.indicators), 1, 0.8)), None)

    def _check_dates(self, indicator: Indicator, line: Line) -> None:
        period = self.head.period
        if period and not _overlaps(indicator.valid_from, indicator.valid_to, period.start_date, period.end_date):
            raise _refused(
                "INDICATOR_NOT_VALID", line.indicator_place, indicator.indicator_code, period=period.period_code
            )

    # Programme

    def _given_programme(self, line: Line) -> tuple[str | None, str]:
        """The programme that the line itself, or the nearest heading above it, names; and the text that does."""
        if line.programme:
            codes = self.catalogue.match_programme(line.programme)
            if not codes:
                raise _refused("PROGRAMME_UNKNOWN", line.programme_place, line.programme)
            return (codes[0] if len(codes) == 1 else None), line.programme
        for heading in reversed(line.headings):
            for text in (heading, _NUMBERING.sub("", heading)):
                codes = self.catalogue.match_programme(text)
                if len(codes) == 1:
                    return codes[0], heading
        return None, ""

    def _programme(self, line: Line, text: str, given: str | None, indicator: Indicator) -> Programme:
        possible = self.catalogue.programme_codes_of(indicator.indicator_code)
        place = line.programme_place
        if given is None:
            named = self.catalogue.match_programme(text) if text else possible
            codes = [code for code in named if code in possible and self._is_in_force(code) and self._concerns(code)]
            if len(codes) != 1:
                raise _refused(
                    "PROGRAMME_AMBIGUOUS", place, text, indicator=indicator.indicator_code,
                    candidates=", ".join(codes or possible),
                )  # fmt: skip
            given = codes[0]
        if given not in possible:
            raise _refused(
                "INDICATOR_NOT_OF_PROGRAMME", place, given, possible[0] if len(possible) == 1 else None,
                indicator=indicator.indicator_code, candidates=", ".join(possible),
            )  # fmt: skip
        self._check_programme(given, place)
        return self.catalogue.programmes[given]

    def _check_programme(self, code: str, place: Place) -> None:
        programme, period, branch = self.catalogue.programmes[code], self.head.period, self.head.branch
        if period and not self._is_in_force(code):
            successor = programme.successor_code
            raise _refused(
                "PROGRAMME_NOT_VALID", place, code, successor, period=period.period_code,
                from_date=_day(programme.valid_from), to_date=_day(programme.valid_to),
                hint_vi=f"Chương trình kế tiếp là {successor}." if successor else "Hãy kiểm tra kỳ báo cáo.",
                hint_en=f"Its successor is {successor}." if successor else "Check the period.",
            )  # fmt: skip
        if branch and not self._concerns(code):
            raise _refused("PROGRAMME_NOT_OF_BRANCH", place, code, branch=branch.branch_code)

    def _is_in_force(self, code: str) -> bool:
        programme, period = self.catalogue.programmes[code], self.head.period
        return period is None or _overlaps(programme.valid_from, programme.valid_to, period.start_date, period.end_date)

    def _concerns(self, code: str) -> bool:
        """National programmes concern everybody, provincial ones the branches of that province."""
        programme, branch = self.catalogue.programmes[code], self.head.branch
        home = branch.branch_code.split("-")[0] if branch else ""
        return branch is None or programme.level == "national" or home == f"P{programme.region_code}"

    # Unit

    def _exponent(self, line: Line, indicator: Indicator, unit: Unit) -> tuple[int, list[Finding]]:
        names: dict[str, Any] = {"indicator": indicator.indicator_code, "unit": unit.name_vi, "unit_en": unit.name_en}
        try:
            exponent = read_unit(line.unit, unit, self.vocabulary)
        except ValueError:
            raise _refused("UNIT_DIFFERS", line.unit_place, line.unit, unit.name_vi, **names) from None
        if exponent is not None:
            return exponent, []
        if unit.kind == "money":
            # An unknown word may be a power of ten: the amount would be anybody's guess.
            raise _refused("UNIT_DIFFERS", line.unit_place, line.unit, unit.name_vi, **names)
        place = line.unit_place
        return 0, [
            finding(
                "UNIT_UNKNOWN", position=place.position, column=place.column, value=line.unit, proposed=unit.name_vi,
                **names,
            )
        ]  # fmt: skip


def _refused(rule_id: str, place: Place, value: str, proposed: str | None = None, **names: Any) -> SubjectRefusedError:
    return SubjectRefusedError(
        finding(rule_id, position=place.position, column=place.column, value=value, proposed=proposed, **names)
    )


def _overlaps(valid_from: date, valid_to: date | None, start: date, end: date) -> bool:
    return valid_from <= end and (valid_to is None or start <= valid_to)


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else "…"
