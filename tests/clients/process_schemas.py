"""Validates documents of OGC API Processes against the standard's own schemas.

    process_schemas.py FOLDER DOCUMENTS

FOLDER holds the schemas as YAML (part1/1.0/openapi/schemas); DOCUMENTS is a JSON file with lists of documents by the schema's
name without its ending. Prints what is wrong, by document.
"""

import json
import pathlib
import sys

import yaml
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

folder = pathlib.Path(sys.argv[1])


def usable(schema):
    """The schema without its known slips, which no document could satisfy: a default that is a list beside a type string, a required
    member under another name than its property, and strings that match two branches of a `oneOf` (ogcapi-processes #350)."""
    if isinstance(schema, dict):
        plain = {name: usable(value) for name, value in schema.items() if name not in ("default", "format", "example")}
        if isinstance(schema.get("properties"), dict):
            plain["properties"] = {name: usable(value) for name, value in schema["properties"].items()}
        if "oneOf" in plain:
            plain["anyOf"] = plain.pop("oneOf")
        if plain.get("required") == ["successUrl"]:
            plain["required"] = ["successUri"]
        return plain
    return [usable(item) for item in schema] if isinstance(schema, list) else schema


schemas = {path.name: usable(yaml.safe_load(path.read_text())) for path in folder.glob("*.yaml")}
resources = [(name, Resource(contents=schema, specification=DRAFT4)) for name, schema in schemas.items()]
registry = Registry().with_resources(resources)
wrong = []
for name, documents in json.loads(pathlib.Path(sys.argv[2]).read_text()).items():
    validator = Draft4Validator(schemas[f"{name}.yaml"], registry=registry)
    for document in documents:
        for error in validator.iter_errors(document):
            wrong.append(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
print(json.dumps(wrong))
