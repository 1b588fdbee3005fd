"""The engine's tokens are Python's own HMAC-SHA256; the key goes when the landing is over."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwu.intake.feed.land import make_tokens
from vwu.intake.feed.table import open_engine
from vwu.intake.feed.tokens import (
    CITIZEN_TOKEN,
    CUSTOMER_TOKEN,
    citizen_token,
    customer_token,
    key_id,
    token_functions,
)

KEY = hashlib.sha256(b"a key").digest()


@pytest.mark.parametrize("key", [KEY, b"k", bytes(64), bytes(65), b"long" * 50], ids=len)
def test_engine_and_python_agree(key: bytes) -> None:
    ids = [f"0221876543{number:02}" for number in range(50)] + ["", "Đ", "🙂", "x" * 200]
    with open_engine() as engine, token_functions(engine, key):
        engine.execute("create table person as select unnest(?::varchar[]) as citizen_id", [ids])
        engine.execute("alter table person add column customer_id varchar")
        engine.execute("alter table person add column bank_code varchar default 'VBSP'")
        engine.execute("update person set customer_id = 'KH' || citizen_id")
        rows = engine.execute(f"select citizen_id, {CITIZEN_TOKEN}, {CUSTOMER_TOKEN} from person").fetchall()
    assert len(rows) == len(ids)
    for citizen_id, citizen, customer in rows:
        assert UUID(citizen) == citizen_token(key, citizen_id)
        assert UUID(customer) == customer_token(key, "VBSP", f"KH{citizen_id}")


@given(st.text(max_size=30))
def test_token_is_the_first_half_of_the_hmac(citizen_id: str) -> None:
    message = f"citizen\x1f{citizen_id}".encode()
    assert citizen_token(KEY, citizen_id).bytes == hmac.new(KEY, message, "sha256").digest()[:16]


def test_tokens_of_two_keys_banks_and_purposes_differ() -> None:
    tokens = {
        citizen_token(KEY, "1"),
        citizen_token(bytes(32), "1"),
        customer_token(KEY, "VBSP", "1"),
        customer_token(KEY, "TYM", "1"),
    }
    assert len(tokens) == 4
    assert key_id(KEY) != key_id(bytes(32))
    assert key_id(KEY) not in KEY.hex()


def test_the_key_leaves_the_engine() -> None:
    with open_engine() as engine:
        with token_functions(engine, KEY):
            assert engine.execute("select getvariable('inner_pad') is not null").fetchone() == (True,)
        assert engine.execute("select getvariable('inner_pad'), getvariable('outer_pad')").fetchone() == (None, None)


def test_each_line_keeps_its_own_tokens_in_a_large_feed() -> None:
    """Lines and tokens are laid side by side by their order; several threads work on both."""
    with open_engine() as engine:
        engine.execute(
            """create table line as
               select 'VBSP' as bank_code, 'K' || i as customer_id, lpad(i::varchar, 12, '0') as citizen_id,
                   'Hoa' as full_name, date '1980-01-01' as birth_date
               from range(400000) as number (i)"""
        )
        make_tokens(engine, KEY)
        with token_functions(engine, KEY):
            (wrong,) = engine.execute(
                f"""select count(*) from line positional join token
                    where citizen_token is distinct from {CITIZEN_TOKEN}::uuid
                        or customer_token is distinct from {CUSTOMER_TOKEN}::uuid"""
            ).fetchone() or (None,)
        assert wrong == 0
        assert engine.execute("select count(distinct identity_hash) from token").fetchone() == (400_000,)
