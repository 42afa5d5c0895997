"""KAFKA_SECURITY_*: every client gets in with the right settings, and says in one sentence what is wrong with the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from deliveries import message
from secured import PASSWORD, USER, Secured, start_secured
from system import System, wait_for

from stream.adapters.kafka import GroupConsumer, Publisher, Tail
from stream.adapters.topic_admin import ensure_topics, live_brokers
from stream.adapters.topics import Topic
from stream.check.parts import check_parts
from stream.errors import BrokerError
from stream.settings import Settings, as_environment
from tests.broker.java import needs_java

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(180),
    needs_java,
]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    cluster = start_secured(tmp_path_factory.mktemp("secured"))
    yield cluster
    cluster.broker.stop()


def settings_for(secured: Secured, protocol: str, *, door: str = "", **changed: Any) -> Settings:
    named: dict[str, Any] = {
        "kafka_bootstrap_servers": secured.doors[door or protocol],
        "kafka_security_protocol": protocol,
        "kafka_security_username": USER,
        "kafka_security_password": PASSWORD,
        "kafka_security_cafile": secured.authority,
        "topic_prefix": f"{protocol}-".lower(),
        "topic_partitions": 2,
    }
    return Settings(_env_file=None, **named | changed)


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [("SASL_SSL", "PLAIN"), ("SASL_SSL", "SCRAM-SHA-512"), ("SASL_PLAINTEXT", "SCRAM-SHA-512"), ("SSL", "PLAIN")],
)
def test_every_client_of_kafka_python_gets_in(secured: Secured, protocol: str, mechanism: str) -> None:
    settings = settings_for(secured, protocol, kafka_security_mechanism=mechanism)
    ensure_topics(settings)
    publisher = Publisher(settings)
    tail = Tail(settings, [Topic.INBOUND])
    group = GroupConsumer(settings, [Topic.INBOUND], f"readers-{mechanism}")

    def published() -> bool:
        try:
            publisher.publish(Topic.INBOUND, "group", mechanism.encode())
        except BrokerError:  # the topics were made this instant
            return False
        return True

    wait_for("the record to be taken", published)
    for reader in (tail, group):
        wait_for("the record", lambda reader=reader: [one for one in reader.poll(0.2) if one.value == mechanism.encode()])
        reader.close()
    publisher.close()


REFUSALS = {
    "wrong password, PLAIN": (
        "SASL_SSL", {"kafka_security_password": "wrong", "kafka_security_mechanism": "PLAIN"},
        "refuses the user 'groupdesk'; check KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD.",
    ),
    "wrong password, SCRAM": (
        "SASL_PLAINTEXT", {"kafka_security_password": "wrong"},
        "refuses the user 'groupdesk'; check KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD.",
    ),
    "unknown user": ("SASL_SSL", {"kafka_security_username": "somebody"}, "refuses the user 'somebody'; check"),
    "wrong mechanism": (
        "SASL_SSL", {"kafka_security_mechanism": "SCRAM-SHA-256"},
        "does not take SCRAM-SHA-256; set KAFKA_SECURITY_MECHANISM to one of: PLAIN, SCRAM-SHA-512.",
    ),
    "untrusted certificate": (
        "SASL_SSL", {"kafka_security_cafile": None},
        "shows a certificate that is not trusted (unable to get local issuer certificate); set KAFKA_SECURITY_CAFILE",
    ),
    "no TLS where it is wanted": ("PLAINTEXT", {"door": "SASL_SSL"}, "if it expects TLS, set KAFKA_SECURITY_PROTOCOL=SSL."),
    "TLS where there is none": ("SASL_SSL", {"door": "SASL_PLAINTEXT"}, "does not speak TLS there"),
    "no password where one is wanted": ("SSL", {"door": "SASL_SSL"}, "asks for a user and a password"),
    "a password where none is wanted": ("SASL_SSL", {"door": "SSL"}, "asks for no password there"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_is_told_in_one_sentence(secured: Secured, case: str) -> None:
    protocol, changed, sentence = REFUSALS[case]
    settings = settings_for(secured, protocol, **changed)
    with pytest.raises(BrokerError) as refused:
        live_brokers(settings)
    told = str(refused.value)
    assert told.startswith(f"Kafka at {settings.kafka_bootstrap_servers} ")
    assert sentence in told
    assert told.count(". ") == 0
    assert PASSWORD not in told


def test_a_broker_that_is_not_there_is_not_said_to_refuse(secured: Secured) -> None:
    settings = settings_for(secured, "SASL_SSL", kafka_bootstrap_servers="127.0.0.1:9")
    with pytest.raises(BrokerError, match="does not answer"):
        live_brokers(settings)


def test_the_check_tells_it_too(secured: Secured) -> None:
    settings = settings_for(secured, "SASL_SSL", kafka_security_password="wrong")
    told = next(one.told for one in check_parts(settings) if one.about == "broker")
    assert "refuses the user 'groupdesk'" in told


def system_of(settings: Settings, **environment: str) -> System:
    security = {name: value for name, value in as_environment(settings).items() if name.startswith("KAFKA_SECURITY_")}
    return System(settings, **security | environment)


def test_a_message_becomes_a_ticket_through_sasl_and_tls(secured: Secured, tmp_path: Path) -> None:
    # The bridge stands for all roles that use kafka-python, the worker is the one with Faust and aiokafka.
    system = system_of(settings_for(secured, "SASL_SSL", topic_prefix="roles.", data_dir=tmp_path / "data"))
    try:
        for role in ("bridge", "worker"):
            system.start(role)
        system.wait_until_ready("worker", seconds=90)
        system.post_until_accepted(message("MSG1", "my order 4417 has not arrived, where is it?"))
        wait_for("the ticket", system.tickets)
        assert PASSWORD not in "".join(system.log_of(role) for role in system.processes)
    finally:
        system.close()


def test_a_role_that_is_refused_says_so_and_goes_on_trying(secured: Secured, tmp_path: Path) -> None:
    settings = settings_for(secured, "SASL_SSL", topic_prefix="refused.", data_dir=tmp_path / "data")
    system = system_of(settings, KAFKA_SECURITY_PASSWORD="wrong")
    try:
        for role in ("bridge", "worker"):
            system.start(role)
        for role, process in system.processes.items():
            wait_for(f"{role} to say why", lambda role=role: "refuses the user" in system.log_of(role), 60)
            assert process.poll() is None
            assert "Traceback" not in system.log_of(role)
    finally:
        system.close()
