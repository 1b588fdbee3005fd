"""docker-compose.yml and Dockerfile: complete, and open nothing by default."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

SERVICES = {
    "api-server", "dag-processor", "init", "postgres", "redis", "scheduler", "superset", "triggerer", "worker",
}  # fmt: skip
# Words of a variable's name that make its value a secret.
SECRET = re.compile(r"PASSWORD|SECRET|KEY|TOKEN")
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")


@pytest.fixture(scope="module")
def text(project: Any) -> str:
    return (project.root / "docker-compose.yml").read_text("utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(text)["services"]
    return content


def test_the_whole_is_there(services: dict[str, Any]) -> None:
    assert set(services) == SERVICES
    assert services["postgres"]["image"].startswith("postgres:18")
    assert services["worker"]["scale"] == 2
    assert services["worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_no_secret_has_a_default(text: str) -> None:
    variables = [(found["name"], found["rest"]) for found in VARIABLE.finditer(text)]
    secrets = [(name, rest) for name, rest in variables if SECRET.search(name)]
    assert len({name for name, _ in secrets}) == 13
    assert [name for name, rest in secrets if not re.fullmatch(r":\?.+", rest)] == []


def test_no_secret_is_written_down(services: dict[str, Any]) -> None:
    values = [
        (name, variable, str(value))
        for name, service in services.items()
        for variable, value in service.get("environment", {}).items()
        if SECRET.search(variable) or re.search(r"://[^/@]*:[^/@]*@", str(value))
    ]
    assert values
    assert [(name, variable) for name, variable, value in values if not re.search(r"\$\{\w+:\?", value)] == []


def test_every_secret_is_in_the_example_and_empty_there(project: Any, text: str) -> None:
    example = dict(
        line.split("=", 1)
        for line in (project.root / ".env.example").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    required = {found["name"] for found in VARIABLE.finditer(text) if found["rest"].startswith(":?")}
    assert set(example) == required
    assert set(example.values()) == {""}


def test_ports_are_published_on_loopback_alone(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(ports) == {"api-server", "postgres", "superset"}
    assert [port for each in ports.values() for port in each if not port.startswith("127.0.0.1:")] == []
    assert [name for name, service in services.items() if "network_mode" in service or "privileged" in service] == []


def test_every_service_that_stays_has_a_health_check(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["init"]
    assert services["init"]["restart"] == "no"


def test_nothing_starts_before_its_ground_is_laid(services: dict[str, Any]) -> None:
    for name in SERVICES - {"postgres", "redis", "init"}:
        assert services[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}, name
    assert services["init"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_only_the_workers_and_init_are_given_the_warehouse(services: dict[str, Any]) -> None:
    given = {name for name, service in services.items() if "VWU_DATABASE_URL" in service.get("environment", {})}
    assert given == {"init", "worker"}
    assert "POSTGRES_PASSWORD" not in services["worker"]["environment"]["VWU_DATABASE_URL"]
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in services["worker"]["environment"]


def test_workers_are_started_without_a_shell(services: dict[str, Any]) -> None:
    assert services["worker"]["command"][:3] == ["airflow", "celery", "worker"]


def test_the_image_is_plain_and_not_root(project: Any) -> None:
    lines = (project.root / "Dockerfile").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith(("# syntax", "#syntax")) or "<<" in line] == []
    assert [line for line in lines if "--mount" in line] == []
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users, "the image names no user"
    assert users[-1].split(":")[0] not in {"root", "0"}


def test_the_build_context_holds_no_state_and_no_secret(project: Any) -> None:
    lines = (project.root / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "everything is left out but what is named"
    assert not {"!.env", "!.vwu", "!.", "!*"} & set(rules)
    copied = {
        source
        for line in (project.root / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ")
        for source in line.split()[1:-1]
    }
    assert copied <= {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
