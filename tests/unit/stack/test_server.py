from __future__ import annotations

import pytest

from vwu.stack import StackError
from vwu.stack.server import refuse_old


@pytest.mark.parametrize("version", [140019, 90624])
def test_a_server_that_is_too_old_is_refused(version: int) -> None:
    with pytest.raises(StackError, match=r"at db\.example:5432 is PostgreSQL \d+; 15 or newer is needed"):
        refuse_old(version, "db.example:5432")


@pytest.mark.parametrize("version", [150000, 180006])
def test_a_newer_server_is_taken(version: int) -> None:
    refuse_old(version, "db.example:5432")
