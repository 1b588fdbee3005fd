"""Which branch a name means on a day, as officers write it: `Hội LHPN H. Đầm Hà`, `xã Quảng Tân, tỉnh Quảng Ninh`.

Compared are the bare names, without the Union's own name, without the kind of the unit (short or long), and without
tone marks where the text has none. A name of several branches answers with all of them; nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from vwu.catalogue import RegionKey, in_force
from vwu.intake.submission.text import clean, match_key

if TYPE_CHECKING:
    from vwu.catalogue import Branch, Catalogue

_UNION = re.compile(
    r"^(?:ban chap hanh |bch )?(?:hoi lien hiep phu nu|hoi lhpn|hoi phu nu|hlhpn|lhpn)(?: viet nam)?(?= |$) ?"
)
# Kinds of units as `match_key` writes them, with their abbreviations, and the levels that they stand on.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "tinh": "tinh", "t": "tinh", "thanh pho": "thanh pho", "tp": "thanh pho", "huyen": "huyen", "h": "huyen",
        "quan": "quan", "q": "quan", "thi xa": "thi xa", "tx": "thi xa", "xa": "xa", "x": "xa", "phuong": "phuong",
        "p": "phuong", "thi tran": "thi tran", "tt": "thi tran", "dac khu": "dac khu", "dk": "dac khu",
    }
)  # fmt: skip
_LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tinh": ("province",), "thanh pho": ("province", "district"), "huyen": ("district",), "quan": ("district",),
        "thi xa": ("district",), "xa": ("commune",), "phuong": ("commune",), "thi tran": ("commune",),
        "dac khu": ("commune",),
    }
)  # fmt: skip
_PARTS = re.compile(r"[,;/]| [-–—] ")
_WORD = re.compile(r"[^\W_]+")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


class _Name(NamedTuple):
    """A name taken apart: the kind of unit (empty if none is said), and the bare name without and with its tones."""

    kind: str
    bare: str
    toned: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A branch under one of its names."""

    name: _Name
    branch: Branch


def branches_named(text: str, catalogue: Catalogue, on: date) -> tuple[Branch, ...]:
    """The branches in force on a day that a text names, by code.

    Behind a comma or a dash may stand the names of the units above; they must agree.
    """
    return _matching(text, catalogue, lambda branch: bool(in_force((branch,), on)))


def branches_once_named(text: str, catalogue: Catalogue, on: date) -> tuple[Branch, ...]:
    """The branches that a text names and that had ended before the day: the last version of each, by code."""
    return _matching(text, catalogue, lambda branch: branch.valid_to is not None and branch.valid_to < on)


def successors(branch: Branch, catalogue: Catalogue, on: date) -> tuple[tuple[Branch, ...], bool]:
    """The branches in force on a day that took the place of one; and whether it lives on whole and alone in one.

    A unit that was united with others lives on in one successor, yet a report under its old name may be about the old
    unit or about the new one: only the first kind of answer has one reading.
    """
    region = (branch.region_level or "", branch.region_code or "", branch.region_valid_from)
    regions, is_alone = {region}, True
    found: dict[str, Branch] = {}
    while regions:
        after = {each for region in regions for each in catalogue.regions_after(region)}
        is_alone = is_alone and all(len(catalogue.regions_before(each)) == 1 for each in after)
        for each in after:
            found |= {it.branch_code: it for it in _of_region(catalogue).get(each, ()) if in_force((it,), on)}
        regions = after
    return tuple(found[code] for code in sorted(found)), is_alone and len(found) == 1


def _matching(text: str, catalogue: Catalogue, is_wanted: Callable[[Branch], bool]) -> tuple[Branch, ...]:
    whole = _best(text, catalogue, is_wanted)
    if whole:
        return whole
    first, *above = [part for part in _PARTS.split(clean(text)) if part.strip()] or [""]
    names = [_apart(part) for part in above]
    found = _best(first, catalogue, is_wanted) if above else ()
    return tuple(branch for branch in found if all(_is_below(branch, name, catalogue) for name in names))


def _best(text: str, catalogue: Catalogue, is_wanted: Callable[[Branch], bool]) -> tuple[Branch, ...]:
    """The branches of a name without its context: those that agree in tones and kind, if there are any."""
    name = _apart(text)
    if name.bare.isdigit() and not name.kind:
        return ()  # A number alone is a code that lost something, not the name of `Phường 22`.
    found = [each for each in _index(catalogue).get(name.bare, ()) if is_wanted(each.branch)]
    if name.toned != name.bare:
        found = [each for each in found if each.name.toned == name.toned] or found
    if name.kind:
        exact = [each for each in found if each.name.kind == name.kind]
        found = exact or [each for each in found if each.branch.level in _LEVELS[name.kind]]
    last = {each.branch.branch_code: each.branch for each in found}
    return tuple(last[code] for code in sorted(last))


def _is_below(branch: Branch, name: _Name, catalogue: Catalogue) -> bool:
    code = branch.parent_branch_code
    while code is not None:
        above = catalogue.branch(code, branch.valid_from)
        if above is None:
            return False
        if _apart(above.name_vi).bare == name.bare:
            return not name.kind or above.level in _LEVELS[name.kind]
        code = above.parent_branch_code
    return False


def _apart(text: str) -> _Name:
    bare = _UNION.sub("", match_key(text))
    kind = ""
    for length in (2, 1):
        words = bare.split()
        if len(words) > length and " ".join(words[:length]) in _KINDS:
            kind, bare = _KINDS[" ".join(words[:length])], " ".join(words[length:])
            break
    toned = " ".join(_WORD.findall(clean(text).lower())[-len(bare.split()) :]) if bare else ""
    return _Name(kind, bare, " ".join(map(_with_tone_last, toned.split())))


def _with_tone_last(word: str) -> str:
    """A word with its tone mark behind it, so that `hoà` is `hòa`."""
    decomposed = unicodedata.normalize("NFD", word)
    tones = "".join(mark for mark in decomposed if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES)) + tones


@cache
def _index(catalogue: Catalogue) -> Mapping[str, tuple[_Named, ...]]:
    """Every version of every branch under its bare names."""
    names = [(branch.name_vi, branch) for branch in catalogue.branches]
    for alias in catalogue.region_aliases:
        region = (alias.level, alias.region_code, alias.region_valid_from)
        # A former name is that of another branch, which is found under it.
        if alias.alias_kind != "former_name":
            names += [(alias.alias_vi, branch) for branch in _of_region(catalogue).get(region, ())]
    found: dict[str, list[_Named]] = {}
    for text, branch in names:
        name = _apart(text)
        found.setdefault(name.bare, []).append(_Named(name, branch))
    return {bare: tuple(each) for bare, each in found.items()}


@cache
def _of_region(catalogue: Catalogue) -> Mapping[RegionKey, tuple[Branch, ...]]:
    found: dict[RegionKey, tuple[Branch, ...]] = {}
    for branch in catalogue.branches:
        if branch.level != "unit" and branch.region_level and branch.region_code:
            key = (branch.region_level, branch.region_code, branch.region_valid_from)
            found[key] = (*found.get(key, ()), branch)
    return found
