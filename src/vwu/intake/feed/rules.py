"""Rules of feed intake; joined into one catalogue by `vwu.intake.rules`."""

from __future__ import annotations

from vwu.intake.rules import Rule

FEED_RULES: tuple[Rule, ...] = ()
