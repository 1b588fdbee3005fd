"""Which parts of the candidate a check has to see: not those that it judged, and that are in force as they are here.

A check that judges each part by itself (`meta: {judges: part}`) says the same of the same rows for as long as it is the
same check, with the same limits, and the other tables that it reads are the same too. All else that is checked (what
is complete, what adds up over months, what rests on what was landed) sees everything, always.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.gate.suites import BATCH, Check, Suite
from vwu.gate.validation import limits
from vwu.publish.parts import Part

if TYPE_CHECKING:
    import psycopg

    from vwu.publish.models import PublishedModel
    from vwu.settings import Settings


def checked_with(settings: Settings, expectations: Path) -> str:
    """sha256 of what decides what a check says of given rows: the code, the suites and the limits."""
    digest = hashlib.sha256(f"{settings.code_version}\0{sorted(limits(settings).items())}".encode())
    for path in sorted([*expectations.glob("*.yml"), *Path(__file__).parent.glob("*.py")]):
        digest.update(f"\0{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Judged:
    """Parts of the release in force, if the same checks let it through; none otherwise."""

    release_id: int | None = None
    parts: frozenset[Part] = frozenset()


def judged(connection: psycopg.Connection, with_these: str) -> Judged:
    """What is in force and was let through by the checks that `checked_with` names."""
    rows = connection.execute(
        """select release.release_id, part.table_name, part.part_key, part.content_hash, part.row_count
           from release.pointer
           inner join release.release using (release_id)
           inner join quality.gate_run using (gate_run_id)
           inner join release.manifest on manifest.release_id = release.release_id
           inner join release.part using (part_id)
           where gate_run.checked_with = %s""",
        [with_these],
    ).fetchall()
    return Judged(rows[0][0], frozenset(Part(*row[1:]) for row in rows)) if rows else Judged()


def narrow(
    suite: Suite, models: Iterable[PublishedModel], parts_of: Callable[[str], Iterable[Part]], judged: Judged
) -> Suite:
    """The suite, in which the checks that judge parts see those only that they have to.

    `parts_of` gives the candidate's parts of a model by its name; it is asked for no others than the suite needs.
    """
    if not judged.parts:
        return suite
    published = {model.relation: model for model in models}
    former: dict[str, set[Part]] = defaultdict(set)
    for part in judged.parts:
        former[part.table_name].add(part)

    def changed(table: str) -> set[str]:
        name = published[table].name
        return {part.part_key for part in set(parts_of(name)) ^ former[name]}

    def narrowed(check: Check) -> Check:
        model = published.get(check.table_name)
        others = [published.get(table) for table in check.reads]
        if not check.judges_parts or model is None or len(model.part_by) != 1:
            return check
        keys = changed(check.table_name)
        for other in others:
            if other is None or other.part_by not in ((), model.part_by):
                return check
            if not other.part_by and changed(other.relation):
                return check
            if other.part_by:
                keys |= changed(other.relation)
        return seeing(check, model.part_by[0], sorted(map(int, keys)))

    return replace(suite, checks=tuple(map(narrowed, suite.checks)))


def seeing(check: Check, column: str, keys: list[int]) -> Check:
    """The check, for which its table is no more than the parts of these keys."""
    some = f"(select * from {BATCH} where {column} = any(array[{', '.join(map(str, keys))}]::bigint[])) as part"
    kwargs = check.configuration["kwargs"] | {"unexpected_rows_query": (check.query or "").replace(BATCH, some)}
    return replace(check, configuration=check.configuration | {"kwargs": kwargs})
