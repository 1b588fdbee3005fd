"""The pages that are made here: start, status, rules, dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vwu.html import environment
from vwu.report.wording import number
from vwu.rollup import HANOI
from vwu.site.guide import guide_titles

if TYPE_CHECKING:
    from vwu.publish.models import PublishedModel
    from vwu.settings import Settings
    from vwu.site.status import Pipeline

_MARK = {
    "publish": "good", "publish_with_warnings": "warn", "refuse": "bad", "success": "good", "failed": "bad",
    "running": "warn", "held": "warn", "rejected": "bad", "landed": "good", "error": "bad", "fail": "bad",
    "pass": "good", "warning": "warn",
}  # fmt: skip


def render(template: str, **values: Any) -> str:
    """A page from its template; `up` is the way back to the site's first folder."""
    templates = environment("vwu.site")
    templates.filters["moment"] = _moment
    templates.filters["seconds"] = lambda value: "–" if value is None else f"{value:,.1f} s"
    templates.filters["number"] = number
    templates.filters["mark"] = lambda state: _MARK.get(state, "")
    return templates.get_template(template).render({"up": "", **values})


def _moment(value: datetime) -> str:
    return f"{value.astimezone(HANOI):%d/%m/%Y %H:%M}"


def start_page(settings: Settings, pipeline: Pipeline) -> str:
    """What there is, with the release in force and the newest reports."""
    reports = sorted(
        (path.parent for path in (settings.home / "reports").glob("*/report.json")),
        key=lambda folder: (folder / "report.json").stat().st_mtime_ns,
        reverse=True,
    )
    return render(
        "start.html",
        title="Trang đầu · Start",
        pipeline=pipeline,
        reports=[(folder.name, _report_titles(folder)) for folder in reports],
        guides=guide_titles(settings.root) if (settings.home / "site" / "guide").exists() else {},
        has_data_docs=(settings.home / "site" / "data_docs" / "index.html").exists(),
        has_models=(settings.home / "site" / "dbt" / "index.html").exists(),
    )


def _report_titles(folder: Path) -> list[str]:
    """The period as its report calls it, in Vietnamese and English: the page's title and description up to the dash."""
    with (folder / "index.html").open(encoding="utf-8") as page:
        found = re.findall(r'(?:<title>|name="description" content=")(.*?) – ', page.read(2_000))
    return [unescape(name) for name in found] or [folder.name]


def status_page(pipeline: Pipeline) -> str:
    """What arrived, what is held and why, builds, gates, releases, freshness."""
    return render(
        "status.html",
        title="Tình trạng · Status",
        pipeline=pipeline,
        build_bars=_bars([build.seconds or 0 for build in reversed(pipeline.builds)]),
        gate_bars=_bars([gate.seconds for gate in reversed(pipeline.gates)]),
    )


def _bars(values: Sequence[float]) -> list[float]:
    """Heights in per cent of the highest; none where there is nothing to compare."""
    if len(values) < 2:
        return []
    top = max(values)
    return [round(100 * value / top, 1) if top else 0 for value in values]


def rules_page(settings: Settings, tables: Iterable[str]) -> str:
    """Every rule of intake and every check of the gate, with what it says and who owns it."""
    from vwu.gate.suites import read_expected
    from vwu.intake.rules import rules

    found = [
        {
            "id": rule.rule_id,
            "where": "intake",
            "family": rule.family,
            "severity": str(getattr(rule.severity, "value", rule.severity)),
            "owner": rule.owner,
            "vi": rule.text_vi,
            "en": rule.text_en,
        }
        for rule in rules().values()
    ]
    found += [
        {
            "id": check.rule_id,
            "where": f"gate: {check.table_name}",
            "family": check.family,
            "severity": check.severity,
            "owner": check.owner,
            "vi": check.reason_vi,
            "en": check.reason_en,
        }
        for check in read_expected(settings.root / "expectations", tables).checks
    ]
    found.sort(key=lambda rule: (rule["where"] != "intake", rule["where"], rule["id"]))
    return render("rules.html", title="Danh mục quy tắc · Rules", rules=found)


def dictionary_page(models: Iterable[PublishedModel]) -> str:
    """Every published table and its columns, from the models' own descriptions."""
    return render(
        "dictionary.html",
        title="Từ điển dữ liệu · Data dictionary",
        models=sorted(models, key=lambda model: model.name),
    )
