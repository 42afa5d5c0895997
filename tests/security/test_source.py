"""What the source itself promises: no code from data, no open comparison of secrets, no dependency that nobody asked for."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("stream", "dashboard") for path in (ROOT / package).rglob("*.py"))
LOCK = (ROOT / "requirements.lock").read_text()
# Calls that make code, or objects of any class, out of data.
DANGEROUS = {
    "eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "marshal.loads", "shelve.open", "yaml.load",
    "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen", "subprocess.getoutput", "tempfile.mktemp",
}  # fmt: skip
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def dangers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in DANGEROUS:
                yield name
            loader = next((dotted(word.value) for word in node.keywords if word.arg == "Loader"), "SafeLoader")
            if "Safe" not in loader and loader.startswith("yaml."):
                yield loader
            yield from (f"{name}({word.arg}=True)" for word in node.keywords if _is_true(word, {"shell", "unsafe_allow_html"}))
            yield from (f"{name}({word.arg}=False)" for word in node.keywords if _is_false(word, {"verify", "ssl"}))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield str(node.module)


def _is_true(word: ast.keyword, names: set[str]) -> bool:
    return word.arg in names and isinstance(word.value, ast.Constant) and word.value.value is True


def _is_false(word: ast.keyword, names: set[str]) -> bool:
    return word.arg in names and isinstance(word.value, ast.Constant) and word.value.value is False


def test_no_code_and_no_objects_are_made_of_data() -> None:
    found = {str(path.relative_to(ROOT)): list(dangers(ast.parse(path.read_text()))) for path in SOURCES}
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from marshal import loads", "yaml.load(x, Loader=yaml.FullLoader)", "eval(text)",
        "subprocess.run(x, shell=True)", "st.markdown(x, unsafe_allow_html=True)", "session.get(url, ssl=False)",
    ],
)  # fmt: skip
def test_the_scan_sees_what_it_looks_for(code: str) -> None:
    assert list(dangers(ast.parse(code)))


def test_secrets_are_compared_in_constant_time_only() -> None:
    open_comparisons = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any("get_secret_value" in ast.unparse(side) for side in (node.left, *node.comparators))
    ]
    # The one that is left asks whether Evolution still has our webhook as we set it: nobody is let in by it.
    assert {place.partition(":")[0] for place in open_comparisons} <= {"stream/transport/evolution_client.py"}


def locked() -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE)}


def test_every_locked_package_has_its_hashes() -> None:
    starts = [match.start() for match in re.finditer(r"^[A-Za-z0-9._-]+==", LOCK, re.MULTILINE)]
    blocks = [LOCK[start:end] for start, end in zip(starts, [*starts[1:], len(LOCK)], strict=True)]
    assert len(blocks) > 50
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_lock_holds_what_the_project_asks_for_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *(r for rs in project["project"]["optional-dependencies"].values() for r in rs)]
    asked += [r for r in project.get("dependency-groups", {}).get("dev", []) if isinstance(r, str)]
    wanted = reachable([Requirement(text) for text in asked])
    lock = locked()
    direct = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    assert direct - set(lock) == set(), "asked for and not locked: run `make lock`"
    installed = {name for name in lock if _is_installed(name)}
    assert installed - wanted == set(), "locked, and nobody asked for it"


def reachable(requirements: list[Requirement]) -> set[str]:
    """Return the names of all packages that these need, as far as they are installed here."""
    found: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, _ = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in found:
                continue
            found.add((name, extra))
            environment = {**default_environment(), "extra": extra}
            for text in (metadata.requires(name) or []) if _is_installed(name) else []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate(environment):
                    waiting.append((needed, extra))
    return {name for name, _ in found}


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
