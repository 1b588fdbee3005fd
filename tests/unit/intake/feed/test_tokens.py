"""The engine's tokens are Python's own HMAC-SHA256; the key goes when the landing is over."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.intake.feed.persons import identify
from vwu.intake.feed.table import open_engine
from vwu.intake.feed.tokens import CITIZEN_TOKEN, citizen_token, key_id, token_function

KEY = hashlib.sha256(b"a key").digest()


@pytest.mark.parametrize("key", [KEY, b"k", bytes(64), bytes(65), b"long" * 50], ids=len)
def test_engine_and_python_agree(key: bytes) -> None:
    ids = [f"0221876543{number:02}" for number in range(50)] + ["", "Đ", "🙂", "x" * 200]
    with open_engine() as engine, token_function(engine, key):
        engine.execute("create table person as select unnest(?::varchar[]) as citizen_id", [ids])
        rows = engine.execute(f"select citizen_id, {CITIZEN_TOKEN} from person").fetchall()
    assert [UUID(token) for _, token in rows] == [citizen_token(key, citizen_id) for citizen_id, _ in rows]
    assert len(rows) == len(ids)


@given(st.text(max_size=30))
def test_token_is_the_first_half_of_the_hmac(citizen_id: str) -> None:
    message = f"citizen\x1f{citizen_id}".encode()
    assert citizen_token(KEY, citizen_id).bytes == hmac.new(KEY, message, "sha256").digest()[:16]


def test_tokens_of_two_keys_differ() -> None:
    assert citizen_token(KEY, "1") != citizen_token(bytes(32), "1")
    assert key_id(KEY) != key_id(bytes(32))
    assert key_id(KEY) not in KEY.hex()


def test_the_key_leaves_the_engine() -> None:
    with open_engine() as engine:
        with token_function(engine, KEY):
            assert engine.execute("select getvariable('inner_pad') is not null").fetchone() == (True,)
        assert engine.execute("select getvariable('inner_pad'), getvariable('outer_pad')").fetchone() == (None, None)


def test_each_line_finds_its_own_person_in_a_large_feed() -> None:
    """Lines and identities are laid side by side by their order; several threads work on both. Half are known."""
    with open_engine() as engine:
        engine.execute(
            """create table line as
               select 'VBSP' as bank_code, 'K' || i // 2 as customer_id, lpad((i // 2)::varchar, 12, '0') as citizen_id,
                   'Hoa' as full_name, case when i % 3 > 0 then date '1980-01-01' end as birth_date
               from range(400000) as number (i)"""
        )
        engine.execute("create temp table known (identity_hash bigint, citizen_token uuid, is_earlier boolean)")
        identify(engine, KEY)
        (all_known,) = engine.execute("select count(*) from known").fetchone() or (None,)
        engine.execute("delete from known where identity_hash % 2 = 0")
        (left,) = engine.execute("select count(*) from known").fetchone() or (None,)
        identify(engine, KEY)
        (again,) = engine.execute("select count(*) from newcomer").fetchone() or (None,)
        assert 0 < left < left + again == all_known
        with token_function(engine, KEY):
            counts = engine.execute(
                f"""select count(*), count(*) filter (where citizen_token = {CITIZEN_TOKEN}::uuid)
                    from line positional join identity inner join known using (identity_hash)"""
            ).fetchone()
        assert counts == (400_000, 400_000)
