"""The image and the compose file: pinned, without a secret of their own, run by a user, heard on this machine alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "infra/docker/Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?")
SECRETS = ("PASSWORD", "SECRET")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = compose["services"]
    return found


def test_every_image_is_pinned_by_a_tag(services: dict[str, Any]) -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    for image in (*bases, *(service["image"] for service in services.values())):
        assert PINNED.fullmatch(image), image


def test_no_secret_has_a_value_of_its_own(services: dict[str, Any]) -> None:
    given = [
        (name, value)
        for service in services.values()
        for name, value in service["environment"].items()
        if any(word in name for word in SECRETS)
    ]
    assert {name for name, _ in given} == {"POSTGRES_PASSWORD", "PGPASSWORD", "BELLWETHER_SECRET_KEY"}
    for name, value in given:
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    assert not [word for word in SECRETS if word in DOCKERFILE]


def test_each_is_watched_and_what_must_outlive_it_is_kept(services: dict[str, Any]) -> None:
    assert services["upgrade"]["healthcheck"] == {"disable": True}
    for name in ("postgresql", "bellwether"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"
        assert services[name]["volumes"]
        assert services[name]["restart"] == "unless-stopped"
    assert services["bellwether"]["depends_on"]["upgrade"]["condition"] == "service_completed_successfully"
    kept = services["bellwether"]["volumes"][0].partition(":")[2]
    assert services["bellwether"]["environment"]["BELLWETHER_FORGOTTEN_FILE"].startswith(f"{kept}/")


def test_it_is_heard_on_this_machine_alone(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


def test_the_image_runs_as_a_user_and_is_built_from_locked_packages() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_all_that_the_image_is_made_from_is_sent_to_the_builder_and_no_ledger_is() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for names in copied for name in names.split()} == sent
    assert all((ROOT / name).exists() for name in sent)
