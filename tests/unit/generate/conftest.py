"""A small nation across the reform of July 2025, written once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from vwu.catalogue import Catalogue, load_catalogue
from vwu.generate.landing_zone import generate
from vwu.generate.request import Request
from vwu.settings import load_settings


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(load_settings({}).root / "seeds")


@pytest.fixture(scope="session")
def small() -> Request:
    return Request(provinces=2, months=3, loans=2_500, seed=11)


@pytest.fixture(scope="session")
def nation(small: Request, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing zone of `small`."""
    directory = tmp_path_factory.mktemp("nation")
    assert list(generate(directory, small, catalogue))
    return directory
