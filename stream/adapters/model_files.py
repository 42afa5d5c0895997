"""rules/model.yaml, read into `ModelRules`: every problem with file and line."""

from __future__ import annotations

from pathlib import Path

from stream.adapters.yaml_lines import Problem, fit, read_yaml
from stream.core.model_rules import ModelRules
from stream.core.model_suspicion import is_suspicious


def load_model(path: Path, problems: list[Problem]) -> ModelRules | None:
    """Read the file at `path`; adds every problem to `problems`, and returns None when there was one."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(Problem(path.as_posix(), 1, "", f"the file cannot be read: {error.strerror}"))
        return None
    document, found = read_yaml(path.as_posix(), raw)
    problems += found
    if document is None:
        return None
    rules, misfits = fit(document, ModelRules)
    problems += misfits
    if rules is None:
        return None
    faults = [
        document.problem(("categories", name), "this reads as an order to the model; say what belongs in the category")
        for name, what in rules.categories.items()
        if is_suspicious(what)
    ]
    if "general" in rules.categories:
        faults.append(
            document.problem(("categories", "general"), "general is what a ticket without a category has; leave it out")
        )
    problems += faults
    return None if found or faults else rules
