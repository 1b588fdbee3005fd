"""Superset brought up as `make bi` does it: the dashboards go in, every chart answers, every dashboard is drawn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import date
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards import read_dashboards
from json_output import machine_output
from playwright.sync_api import Page, sync_playwright

from vwu.catalogue import load_catalogue
from vwu.cli.main import main
from vwu.example import write_example
from vwu.generate.landing_zone import generate
from vwu.generate.request import Request
from vwu.run import run_direct
from vwu.settings import Settings
from vwu.stack import processes
from vwu.stack.progress import Progress
from vwu.stack.superset import NAME, USER, environment, start_superset, url

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(3600), pytest.mark.program("chromium")]
LOADING = "[data-test=loading-indicator], .loading"


class Superset:
    """Its REST API, signed in."""

    def __init__(self, settings: Settings) -> None:
        self.url = url(settings)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        password = settings.secrets["superset_admin"]
        answer = self.ask("/api/v1/security/login", {"username": USER, "password": password, "provider": "db"})
        self._headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def ask(self, path: str, body: Any = None) -> Any:
        headers = getattr(self, "_headers", {}) | ({"Content-Type": "application/json"} if body else {})
        asked = urllib.request.Request(self.url + path, json.dumps(body).encode() if body else None, headers)
        with self._opener.open(asked, timeout=120) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def served(module_database: Settings) -> Iterator[Settings]:
    """The example and a nation of 34 provinces over the reform, published, with Superset on top."""
    landing = Path(module_database.landing)
    write_example(landing)
    request = Request(provinces=34, months=4, loans=4000, seed=7, first_month=date(2025, 5, 1))
    for _ in generate(landing, request, load_catalogue(module_database.root / "seeds")):
        pass
    assert run_direct(module_database, print) == ()
    settings = start_superset(module_database, Progress())
    yield settings
    processes.stop(settings.home, [NAME])


def test_every_chart_answers(served: Settings) -> None:
    superset = Superset(served)
    charts = superset.ask("/api/v1/chart/?q=(page_size:100,columns:!(id,slice_name))")["result"]
    assert len(charts) == len(read_dashboards(served.root).charts)
    for chart in charts:
        (result,) = superset.ask(f"/api/v1/chart/{chart['id']}/data/")["result"]
        assert result["error"] is None, chart
        assert result["rowcount"] > 0, chart


def test_every_dashboard_is_drawn_whole_and_asks_no_other_host(served: Settings) -> None:
    folder = Path(os.environ.get("VWU_SCREENSHOTS") or served.home / "screenshots")
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        answered: list[str] = []
        page.on("response", lambda response: answered.append(response.url))
        _sign_in(page, served)
        for dashboard in read_dashboards(served.root).dashboards.values():
            _draw(page, f"{url(served)}/superset/dashboard/{dashboard['slug']}/?standalone=2")
            assert page.locator(".ant-alert-error, [data-test=error-boundary]").count() == 0, dashboard["slug"]
            text = page.locator(".grid-container").inner_text()
            for said in ("Bản phát hành", "Tuổi số liệu", "Độ phủ"):
                assert said in text
            page.screenshot(path=folder / f"{dashboard['slug']}.png")
        browser.close()
    assert [address for address in answered if not address.startswith((url(served), "data:", "blob:"))] == []


def test_what_is_changed_in_superset_comes_back_into_its_file(served: Settings, tmp_path: Path) -> None:
    shutil.copytree(served.root / "bi", tmp_path / "bi")
    command = [str(served.root / ".venv/bi/bin/python"), str(tmp_path / "bi" / "install.py"), "--export"]
    subprocess.run(command, env=environment(served), check=True, capture_output=True)
    before, after = read_dashboards(served.root), read_dashboards(tmp_path)
    files = sorted(path.relative_to(tmp_path) for path in (tmp_path / "bi" / "assets").rglob("*.yaml"))
    assert files == sorted(path.relative_to(served.root) for path in (served.root / "bi" / "assets").rglob("*.yaml"))
    assert {key: each["sql"].strip() for key, each in after.datasets.items()} == {
        key: each["sql"].strip() for key, each in before.datasets.items()
    }
    assert {key: each["slice_name"] for key, each in after.charts.items()} == {
        key: each["slice_name"] for key, each in before.charts.items()
    }
    (database,) = (tmp_path / "bi" / "assets" / "databases").iterdir()
    assert yaml.safe_load(database.read_text("utf-8"))["sqlalchemy_uri"] == "postgresql+psycopg2:///?service=vwu"


def test_what_bi_prints_as_json_is_as_its_schema_says(
    served: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VWU_HOME", str(served.home))
    monkeypatch.setenv("VWU_DATABASE_URL", served.external_url or "")
    assert main(["bi", "--json"]) == 0
    assert machine_output("bi", capsys.readouterr().out)["superset"]["components"][0]["state"] == "running"


def _sign_in(page: Page, settings: Settings) -> None:
    page.goto(f"{url(settings)}/login/")
    page.fill("input[name=username], input#username", USER)
    page.fill("input[name=password], input#password", settings.secrets["superset_admin"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)


def _draw(page: Page, address: str) -> None:
    """Open a dashboard and make the window as high as it is, so that every chart is asked for and drawn."""
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(address)
    page.wait_for_selector(".dashboard-component-chart-holder", timeout=120_000)
    height = page.evaluate("document.querySelector('.grid-container').getBoundingClientRect().height")
    page.set_viewport_size({"width": 1440, "height": int(height) + 120})
    page.wait_for_timeout(2000)  # until the charts that have come into view have begun to load
    page.wait_for_function(f"document.querySelectorAll('{LOADING}').length === 0", timeout=120_000)
    page.wait_for_timeout(2000)  # until the last animation has ended
