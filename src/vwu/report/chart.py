"""A series as a small line drawing in SVG: half a kilobyte, no script, readable without colour, described in words.

Drawn here rather than by a chart library: a page of a hundred figures needs a hundred of them and must stay below a
megabyte (docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape

from vwu.report import wording
from vwu.report.wording import Words

REFORM = date(2025, 7, 1)
WIDTH, HEIGHT, MARGIN = 120, 34, 4


def sparkline(points: Sequence[tuple[date, Decimal]], title: Words) -> str:
    """A line over (day, value), with a dot at the last and a dashed upright at 1 July 2025; "" for fewer than two.

    The line starts from nought, so that heights compare; time is to scale, so that a gap shows as one.
    """
    if len(points) < 2:
        return ""
    first, last = points[0][0], points[-1][0]
    top = max(max(value for _, value in points), Decimal(0))
    bottom = min(min(value for _, value in points), Decimal(0))
    height = (top - bottom) or Decimal(1)

    def across(day: date) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (day - first).days / max((last - first).days, 1), 1)

    def down(value: Decimal) -> float:
        return round(MARGIN + (HEIGHT - 2 * MARGIN) * float((top - value) / height), 1)

    line = " ".join(f"{across(day):g},{down(value):g}" for day, value in points)
    reform = f'<line class="reform" x1="{across(REFORM):g}" x2="{across(REFORM):g}" y1="0" y2="{HEIGHT}"/>'
    end = f'<circle cx="{across(last):g}" cy="{down(points[-1][1]):g}" r="2.5"/>'
    label = escape(f"{title.vi} · {title.en}", quote=True)
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{reform if first < REFORM < last else ''}"
        f'<line class="nought" x1="0" x2="{WIDTH}" y1="{down(Decimal(0)):g}" y2="{down(Decimal(0)):g}"/>'
        f'<polyline points="{line}"/>{end}</svg>'
    )


def series_title(name: Words, points: Sequence[tuple[date, Decimal]], unit_code: str) -> Words:
    """What the drawing shows, for who does not see it: from when to when, from what to what, least and most."""
    (first, start), (last, end) = points[0], points[-1]
    values = [value for _, value in points]
    low, high = wording.amount(min(values), unit_code), wording.amount(max(values), unit_code)
    began, ended = wording.amount(start, unit_code), wording.amount(end, unit_code)
    days = f"{wording.day(first)}–{wording.day(last)}"
    return Words(
        f"{name.vi}, {days}: từ {began.vi} đến {ended.vi}, thấp nhất {low.vi}, cao nhất {high.vi}",
        f"{name.en}, {days}: from {began.en} to {ended.en}, lowest {low.en}, highest {high.en}",
    )
