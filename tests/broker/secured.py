"""Apache Kafka with doors that ask who comes: SASL and TLS listeners beside the open one, users, and certificates made here."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kafka.admin import KafkaAdminClient, UserScramCredentialUpsertion

from stream.broker import Broker, apache, jars
from stream.broker.readiness import HOST, free_ports

USER, PASSWORD = "groupdesk", "a password with spaces, and = signs"
PROTOCOLS = ("SASL_SSL", "SASL_PLAINTEXT", "SSL")
_JAAS = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """A running cluster; `doors` are the bootstrap addresses by protocol, `authority` is the CA file that clients must trust."""

    broker: Broker
    doors: dict[str, str]
    authority: Path


def start_secured(folder: Path, count: int = 1) -> Secured:
    """Start a cluster of Apache Kafka whose nodes have one listener for each protocol."""
    kafka = jars.find_kafka(print)
    assert isinstance(kafka, jars.Distribution), kafka
    authority, keystore = make_certificates(folder)
    nodes = apache.plan_nodes(folder / "broker", count)
    ports = free_ports(len(PROTOCOLS) * count)
    doors = [dict(zip(PROTOCOLS, ports[n * len(PROTOCOLS) :], strict=False)) for n in range(count)]
    cluster = apache.new_cluster_id()
    children = [
        apache.prepare_node(kafka, node, nodes, cluster, listeners(apache.node_properties(node, nodes), doors[n], keystore))
        for n, node in enumerate(nodes)
    ]
    broker = Broker(
        "Apache Kafka", children, [node.port for node in nodes], folder=folder / "broker", notice="secured", keeps_data=True
    )
    broker.start()
    add_scram_user(broker.bootstrap)
    return Secured(broker, {p: ",".join(f"{HOST}:{door[p]}" for door in doors) for p in PROTOCOLS}, authority)


def listeners(own: dict[str, str | int | Path], doors: dict[str, int], keystore: Path) -> dict[str, str]:
    """Return Kafka's settings for the listeners; the open one stays, for the brokers among themselves."""
    settings = {
        "listeners": ",".join([str(own["listeners"]), *(f"{p}://{HOST}:{port}" for p, port in doors.items())]),
        "listener.security.protocol.map": ",".join(["CONTROLLER:PLAINTEXT", *(f"{p}:{p}" for p in ("PLAINTEXT", *PROTOCOLS))]),
    }
    for protocol in PROTOCOLS:
        door = f"listener.name.{protocol.lower()}"
        settings[f"{door}.ssl.keystore.type"] = "PEM"
        settings[f"{door}.ssl.keystore.location"] = str(keystore)
        settings[f"{door}.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-512"
        settings[f"{door}.plain.sasl.jaas.config"] = (
            f'{_JAAS}.plain.PlainLoginModule required username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}";'
        )
        settings[f"{door}.scram-sha-512.sasl.jaas.config"] = f"{_JAAS}.scram.ScramLoginModule required;"
    return settings


def add_scram_user(bootstrap: str) -> None:
    """Tell the cluster the user's password, for SCRAM."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        told = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", PASSWORD)])
        assert told == {USER: None}, told
    finally:
        admin.close()


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """Make an authority and a certificate for this machine; return the CA file, and key and certificate in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    ca = certificate(ca_name, ca_name, ca_key.public_key(), is_authority=True).sign(ca_key, hashes.SHA256())
    signed = certificate(name, ca_name, key.public_key(), is_authority=False).sign(ca_key, hashes.SHA256())
    authority, keystore = folder / "authority.pem", folder / "broker.pem"
    authority.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    keystore.touch(mode=0o600)
    keystore.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return authority, keystore


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
) -> x509.CertificateBuilder:
    """Return what is to be signed, valid for a day and, unless it is an authority's, for this machine."""
    now = dt.datetime.now(dt.UTC)
    built = x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), now - dt.timedelta(hours=1), now + dt.timedelta(days=1)
    )
    built = built.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if is_authority:
        return built
    return built.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
