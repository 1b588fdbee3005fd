"""What of a person and of a feed's bytes is kept, and how it goes: on request, and with time (Law 91/2025/QH15).

Files and database cannot change in one step. What the store holds in excess is named in the log, in the transaction
that makes it so, before it is removed: what a call that was broken off left there, the next one of any kind removes.
"""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from uuid import UUID, uuid4

from vwu.database import connect
from vwu.intake import landing, store
from vwu.intake.feed.columns import FINAL_STATUSES, LAYOUTS
from vwu.intake.feed.source import open_plain, unpacking_errors
from vwu.intake.feed.vault import replace_tokens, vacuum
from vwu.intake.landing import IntakeError
from vwu.intake.model import Kind
from vwu.language import phrase
from vwu.settings import Settings

if TYPE_CHECKING:
    import psycopg

_IDENTITIES = tuple(column.name for column in LAYOUTS[Kind.LOAN] if column.is_identity)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a deletion did: lines under another token, rows of the vault that went, stored files written anew."""

    lines: int
    vault_rows: int
    files: int


@dataclass(frozen=True, slots=True)
class _Person:
    """Who is taken out: a citizen id, and what each bank calls the person, as (bank, customer id)."""

    citizen_id: str
    customers: AbstractSet[tuple[str, str]]

    @property
    def marks(self) -> tuple[bytes, ...]:
        """A line with none of these is not theirs."""
        return (self.citizen_id.encode(), *(customer.encode() for _, customer in self.customers))

    def is_meant(self, cells: Mapping[str, str]) -> bool:
        """A customer id is a bank's own: another bank gives the same one to somebody else."""
        customer = (cells.get("bank_code", ""), cells.get("customer_id", ""))
        return cells.get("citizen_id") == self.citizen_id or customer in self.customers


def forget(settings: Settings, citizen_id: str, reason: str) -> Forgotten:
    """Take a person out: out of the vault and of every kept file; the lines stay, under a token that means nobody.

    Raises IntakeError when the vault does not know the person, when a loan of theirs still runs, or without a reason.
    """
    if not reason.strip():
        raise IntakeError(phrase("xóa thì phải nêu lý do", "a deletion needs a reason"))
    _remove_outdated(settings)
    with connect(settings, "owner") as connection:
        connection.execute("select from vault.token_key for update")  # no loan feed lands meanwhile
        tokens = _tokens_of(connection, citizen_id)
        _refuse_running(connection, tokens)
        person = _Person(citizen_id, _customer_numbers(connection, citizen_id))
        files = sum(_redact(connection, settings, *receipt, person) for receipt in _kept_feeds(connection))
        gone = connection.execute("delete from vault.person where citizen_id = %s", [citizen_id]).rowcount
        rows = replace_tokens(connection, [(token, uuid4()) for token in tokens])
        detail = {"reason": reason, "lines": sum(rows.values()), "vault_rows": gone, "files": files}
        landing.log(connection, settings.who, "forget", detail=detail)
    _remove_outdated(settings)
    vacuum(settings, ["vault.person", *(table for table, count in rows.items() if count)])
    return Forgotten(sum(rows.values()), gone, files)


def purge(settings: Settings, months: int, *, is_certain: bool) -> int:
    """Remove the kept bytes of the feeds that came longer ago, or only count them while nobody is certain.

    What was landed of them stays, and with it all that a release shows, is traced to or can be made from again.
    """
    with connect(settings, "owner") as connection:
        old = connection.execute(
            """select receipt_id, stored_sha256 from intake.receipt
               where kind <> 'submission' and stored_sha256 is not null and state <> 'received'
                   and received_at < clock_timestamp() - make_interval(months => %s)
               for update""",
            [months],
        ).fetchall()
        for receipt_id, sha256 in old if is_certain else ():
            _keep_instead(connection, settings, receipt_id, sha256, None)
    _remove_outdated(settings)
    return len(old)


def _tokens_of(connection: psycopg.Connection, citizen_id: str) -> list[UUID]:
    rows = connection.execute(
        "select distinct citizen_token from vault.person where citizen_id = %s", [citizen_id]
    ).fetchall()
    if not rows:
        raise IntakeError(
            phrase(
                "không có ai mang số định danh này trong kho định danh: không thay đổi gì",
                "the vault knows nobody of this citizen id: nothing was changed",
            )
        )
    return [token for (token,) in rows]


def _customer_numbers(connection: psycopg.Connection, citizen_id: str) -> frozenset[tuple[str, str]]:
    rows = connection.execute(
        "select distinct bank_code, customer_id from vault.person where citizen_id = %s", [citizen_id]
    )
    return frozenset((bank, customer) for bank, customer in rows)


def _refuse_running(connection: psycopg.Connection, tokens: list[UUID]) -> None:
    """A loan runs while the last month of its bank that is in force shows it without a final status."""
    rows = connection.execute(
        """select loan.bank_code, loan.loan_id from raw.loan
           inner join intake.scope on scope.receipt_id = loan.receipt_id and scope.as_of_date = loan.as_of_date
           where loan.citizen_token = any(%s) and loan.status <> all(%s)
               and not exists (
                   select from intake.scope as later
                   where later.kind = 'loan' and later.bank_code = scope.bank_code and later.receipt_id is not null
                       and later.as_of_date > scope.as_of_date
               )
           order by loan.bank_code, loan.loan_id""",
        [tokens, list(FINAL_STATUSES)],
    ).fetchall()
    if rows:
        listed = ", ".join(f"{bank} {loan}" for bank, loan in rows)
        raise IntakeError(
            phrase(
                f"còn khoản vay chưa tất toán ({listed}): chỉ xóa được khi khoản vay đã kết thúc",
                f"a loan still runs ({listed}): the person can be taken out when it has ended",
            )
        )


def _kept_feeds(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    """Receipt, file name and stored sha256 of each feed of which bytes are kept, rejected ones too."""
    return connection.execute(
        """select receipt_id, file_name, stored_sha256 from intake.receipt
           where kind in ('loan', 'unknown') and stored_sha256 is not null"""
    ).fetchall()


def _redact(
    connection: psycopg.Connection,
    settings: Settings,
    receipt_id: str,
    file_name: str,
    sha256: str,
    person: _Person,
) -> bool:
    """Empty the person's cells in a kept file; whether it had any. One that cannot be unpacked goes whole."""
    key = settings.key("store")
    with tempfile.TemporaryDirectory(prefix="vwu-forget-") as folder:
        kept, fresh = Path(folder, file_name), Path(folder, f"fresh-{file_name}")
        with kept.open("wb") as target:
            store.copy_out(settings.store, sha256, target, key)
        try:
            if not _write_without(kept, fresh, person):
                return False
        except unpacking_errors():  # it was rejected for that; nobody can say who is in it
            _keep_instead(connection, settings, receipt_id, sha256, None)
            return True
        fresh_sha256 = store.sha256_of(fresh)
        store.keep(settings.store, fresh, fresh_sha256, key)
    _keep_instead(connection, settings, receipt_id, sha256, fresh_sha256)
    return True


def _write_without(kept: Path, fresh: Path, person: _Person) -> int:
    """Copy a feed line by line, the person's without the identities; returns how many lines those were."""
    count = 0
    with open_plain(kept) as lines, _compressed(fresh) as target:
        header: list[str] | None = None
        for raw in lines:
            header = header or raw.decode("utf-8-sig", "replace").rstrip("\r\n").split(",")
            line = _without_identities(raw, header, person) if any(mark in raw for mark in person.marks) else raw
            count += line is not raw
            target.write(line)
    return count


def _without_identities(raw: bytes, header: list[str], person: _Person) -> bytes:
    """The line with its identities emptied when it is the person's; a line of another width is emptied whole."""
    cells = next(csv.reader([raw.decode("utf-8", "replace").rstrip("\r\n")]), [])
    named = dict(zip(header, cells, strict=False))
    if len(cells) == len(header) and not person.is_meant(named):
        return raw
    is_whole = len(cells) == len(header)
    left = ["" if name in _IDENTITIES or not is_whole else named[name] for name in header]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(left)
    return text.getvalue().encode()


def _compressed(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "wb"))
    if path.name.lower().endswith(".zst"):
        import zstandard

        return cast("IO[bytes]", zstandard.open(path, "wb"))
    return path.open("wb")


def _keep_instead(
    connection: psycopg.Connection, settings: Settings, receipt_id: str, sha256: str, fresh: str | None
) -> None:
    connection.execute("update intake.receipt set stored_sha256 = %s where receipt_id = %s", [fresh, receipt_id])
    action = "redact" if fresh else "purge"
    landing.log(connection, settings.who, action, receipt_id, detail={"outdated_sha256": sha256})


def _remove_outdated(settings: Settings) -> None:
    """Remove from the store what the log says is outdated, and no receipt keeps."""
    with connect(settings, "owner") as connection:
        outdated = connection.execute(
            """select distinct detail ->> 'outdated_sha256' from intake.event
               where action in ('redact', 'purge')
                   and not exists (select from intake.receipt where stored_sha256 = detail ->> 'outdated_sha256')"""
        ).fetchall()
    for (sha256,) in outdated:
        store.remove(settings.store, sha256)
