"""The compose stack as it is written: what every container is refused, what is published, and that secrets stay in files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.adapters.topics import SPECS
from stream.broker.jars import VERSION
from stream.settings import Settings
from stream.up.roles import ROLES

ROOT = Path(__file__).parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("groupdesk")}
# Evolution's own image writes into its folder when it starts, as root; it gets no rights and sees neither Kafka nor our data.
FOREIGN = {"evolution"}


def test_every_role_has_its_service_and_the_topics_come_first() -> None:
    assert set(OURS) == set(ROLES) | {"topics"}
    for name in ROLES:
        needed = SERVICES[name]["depends_on"]
        assert needed["kafka"]["condition"] == "service_healthy"
        assert name == "bridge" or needed["bridge"]["condition"] == "service_started"
    assert SERVICES["bridge"]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    assert SERVICES["proxy"]["depends_on"]["bridge"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_gets_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is (name not in FOREIGN)
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert not [volume for volume in service.get("volumes", ()) if "docker.sock" in volume or volume.startswith("/")]
    if name != "topics":  # it ends by itself
        assert "test" in service["healthcheck"]


def test_nobody_runs_as_root() -> None:
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", image, re.MULTILINE)
    assert image.rindex("\nUSER ") > image.rindex("\nFROM ")
    assert not [name for name in OURS if "user" in SERVICES[name]]
    others = {name: SERVICES[name].get("user") for name in set(SERVICES) - set(OURS) - FOREIGN}
    assert others == {"kafka": "appuser", "proxy": "10002:10002", "evolution-database": "postgres"}


def test_proxy_and_dashboard_alone_are_published_and_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "proxy": ["${PROXY_LISTEN:-127.0.0.1:3000}:8080"],
        "dashboard": ["${DASHBOARD_LISTEN:-127.0.0.1:8501}:8501"],
    }


def test_kafka_is_reached_by_our_roles_alone() -> None:
    assert SERVICES["kafka"]["networks"] == ["inside"]
    assert STACK["networks"]["inside"]["internal"] is True
    assert {name for name, service in SERVICES.items() if "inside" in service["networks"]} == {"kafka", *OURS}


def test_secrets_are_files_that_are_demanded_and_no_environment_has_one() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    for name, service in SERVICES.items():
        given = {key.lower() for key in service.get("environment", {})}
        assert given & secret == set(), name
        assert set(service.get("secrets", ())) <= set(STACK["secrets"]), name
    for name, source in STACK["secrets"].items():
        assert re.fullmatch(rf"\$\{{SECRETS_DIR(:\?[^}}]+)?\}}/{name}", source["file"]), name
    assert ":?Run deploy/secrets first" in STACK["secrets"]["webhook_secret"]["file"]
    made = (ROOT / "deploy" / "secrets").read_text()
    assert [name for name in STACK["secrets"] if not re.search(rf"\b{name}\b", made)] == []
    assert "dashboard_password" in SERVICES["dashboard"]["secrets"]


def test_images_are_pinned_and_kafka_is_the_one_that_the_tests_run() -> None:
    foreign = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert [image for image in foreign if not re.search(r":v?\d+(\.\d+)*(-[a-z]+)?$", image)] == []
    assert SERVICES["kafka"]["image"] == f"docker.io/apache/kafka:{VERSION}"


def test_the_image_is_made_of_the_lock_and_takes_nothing_along_that_is_not_needed() -> None:
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    assert "--require-hashes" in image
    assert "-c requirements.lock" in image
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in kept
    assert not {"!.env", "!secrets", "!rules", "!data"} & set(kept)


def test_the_broker_of_the_stack_makes_no_topic_by_chance() -> None:
    settings = (ROOT / "deploy" / "kafka" / "server.properties").read_text()
    assert "auto.create.topics.enable=false" in settings
    assert "advertised.listeners=PLAINTEXT://kafka:9092" in settings
    assert len(SPECS) == len({spec.topic for spec in SPECS})


def test_the_proxy_bounds_what_comes_and_offers_only_what_is_meant_for_outside() -> None:
    proxy = (ROOT / "deploy" / "Caddyfile").read_text()
    for bound in ("read_header 10s", "read_body 15s", "max_size 2MB", "max_header_size 16KB", "admin off"):
        assert bound in proxy
    offered = re.search(r"@offered path (.+)", proxy)
    assert offered is not None
    assert offered[1].split() == ["/webhook", "/webhook/*", "/healthz", "/qr-cs", "/qr-cs/*"]


def test_a_secret_can_be_a_file_and_an_empty_one_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "openai_api_key").write_text("sk-from-a-file\n")
    (tmp_path / "evolution_api_key").write_text("")
    settings = Settings(_env_file=None, _secrets_dir=tmp_path)
    assert settings.openai_api_key.get_secret_value() == "sk-from-a-file"
    assert settings.evolution_api_key.get_secret_value() == ""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    assert Settings(_env_file=None, _secrets_dir=tmp_path).openai_api_key.get_secret_value() == "sk-from-the-environment"
