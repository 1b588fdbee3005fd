"""Publish: immutable, numbered releases of what the gate passed; going back; what changed between two."""

from vwu.publish.diff import Diff, RowChange, diff
from vwu.publish.models import PublishError
from vwu.publish.release import PublishResult, Release, checksums, publish, releases, rollback
from vwu.publish.vintage import Vintage, make_official

__all__ = [
    "Diff",
    "PublishError",
    "PublishResult",
    "Release",
    "RowChange",
    "Vintage",
    "checksums",
    "diff",
    "make_official",
    "publish",
    "releases",
    "rollback",
]
