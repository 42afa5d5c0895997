"""Apache Kafka's jars: fetched once by Maven into a cache that all data folders share, with a class archive for a quick start."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from stream.errors import BrokerError

POM = Path(__file__).with_name("pom.xml")
VERSION = "4.1.1"  # the version in pom.xml; a test holds the two together
_JAVA = 17  # Kafka 4 brokers need it
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


@dataclass(frozen=True)
class Distribution:
    """What is needed to run a node: the `java` program and its version, and the folder of jars."""

    java: str
    java_version: str
    libs: Path

    @property
    def classpath(self) -> str:
        """All jars by name, always in the same order: a class archive is valid for one class path only."""
        return ":".join(str(jar) for jar in sorted(self.libs.glob("*.jar")))

    @property
    def archive(self) -> Path:
        """The class archive (it halves the start); bound to the Java that wrote it."""
        return self.libs.parent / f"classes-{self.java_version}.jsa"


def default_cache() -> Path:
    """Return the folder of the user that holds the jars, shared by all data folders."""
    return Path.home() / ".cache" / "groupdesk" / f"kafka-{VERSION}"


def find_kafka(say: Callable[[str], None], cache: Path | None = None) -> Distribution | str:
    """Return Apache Kafka, fetched if it must be; or, where it cannot be had, the reason as half a sentence."""
    found = find_java()
    if found is None:
        return f"Java {_JAVA} or newer is not installed"
    java, version = found
    folder = cache or default_cache()
    libs = folder / "libs"
    if not libs.is_dir():
        maven = shutil.which("mvn")
        if maven is None:
            return "Maven is not installed"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            if not libs.is_dir():
                say(f"Fetching Apache Kafka {VERSION} (45 MB, once) ...")
                try:
                    _fetch(maven, folder, libs)
                except BrokerError as error:
                    return str(error)
    return Distribution(java, version, libs)


def find_java() -> tuple[str, str] | None:
    """Return the `java` on the PATH and its full version, None when it is missing or too old."""
    java = shutil.which("java")
    if java is None:
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 -- found on the PATH
    version = re.search(r'version "((\d+)[^"]*)"', told.stderr)
    if told.returncode != 0 or version is None or int(version[2]) < _JAVA:
        return None
    return java, version[1]


def _fetch(maven: str, folder: Path, libs: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        shutil.copy(POM, scratch)
        into = Path(scratch) / "libs"
        # --strict-checksums: a jar that is not what the registry says it is ends the build.
        command = [maven, "-q", "-B", "--strict-checksums", "-f", f"{scratch}/pom.xml", _COPY, f"-DoutputDirectory={into}"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- built by us
        if told.returncode != 0 or not any(into.glob("kafka_*.jar")):
            why = next((line for line in told.stdout.splitlines() if "ERROR" in line), "it gave no reason")
            raise BrokerError(f"Maven could not fetch Apache Kafka: {why}")
        into.rename(libs)
