"""JSON Schemas of the rules folder, made from the models, so that an editor completes and checks while somebody types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from stream.core.groups_config import GroupsFile
from stream.core.model_rules import ModelRules
from stream.core.rules import ListFile, RuleFile
from stream.core.team import Team

# File in the rules folder -> what it describes. Each YAML file names its own in the first line.
SCHEMAS: dict[str, type[BaseModel]] = {
    "rules.schema.json": RuleFile,
    "lists.schema.json": ListFile,
    "groups.schema.json": GroupsFile,
    "team.schema.json": Team,
    "model.schema.json": ModelRules,
}


def rules_schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its file name."""
    return {name: {"$schema": "http://json-schema.org/draft-07/schema#", **_schema(model)} for name, model in SCHEMAS.items()}


def write_schemas(rules_dir: Path) -> list[Path]:
    """Write the schemas into the rules folder; returns the files that changed."""
    changed = []
    for name, schema in rules_schemas().items():
        path, text = rules_dir / name, json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return pydantic's schema with draft-07 names, which editors know best, and with one word allowed where a list is."""
    text = json.dumps(model.model_json_schema(by_alias=True)).replace("#/$defs/", "#/definitions/")
    schema: dict[str, Any] = json.loads(text)
    if "$defs" in schema:
        schema["definitions"] = schema.pop("$defs")
    for name in ("words", "phrases", "whole_message"):
        field = schema.get("definitions", {}).get("Test", {}).get("properties", {}).get(name)
        if field is not None:
            field["anyOf"].insert(0, {"type": "string", "description": "One word, one expression or one $list"})
    return schema
