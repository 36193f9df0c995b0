"""Writes the pages that the program itself knows best: docs/cli.md, docs/config.md and docs/problems.md.

``python -m docs.generate`` writes them; ``--check`` only says whether they are fresh (``make docs``, ``make lint``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_json
from typer.main import get_command

from docs.markdown import NOTE, table
from docs.problems import problems_page
from ugembed.cli.app import app
from ugembed.cli.config import RUN_FILES, run_file_model
from ugembed.registry import ComponentConfig, OneOf, discover

DOCS = Path(__file__).resolve().parent
EXAMPLE = "Example: "


def commands(command: Any, name: str = "ugembed") -> Iterator[tuple[str, Any]]:
    """(full name, command) of every verb under ``command``, in the order of the help."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word in command.list_commands(None):
        yield from commands(command.commands[word], f"{name} {word}")


def cli_page() -> str:
    """docs/cli.md: every verb with its example, arguments and options."""
    verbs = list(commands(get_command(app)))
    lines = [
        NOTE,
        "# Command line\n",
        "Data goes to stdout, everything else to stderr. Exit status: 0 done, 1 refused (data, model, folder), 2 the",
        "command or its configuration asks for something that does not exist, 70 a fault of ugembed.\n",
        *(f"- [`{name}`](#{name.replace(' ', '-')})" for name, _ in verbs),
        "",
    ]
    for name, command in verbs:
        lines += [f"## {name}\n", *_help_text(command.help or ""), *_parameters(command.params)]
    return "\n".join(lines)


def _help_text(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        prose, _, example = paragraph.partition(EXAMPLE)
        if prose.strip():
            yield " ".join(prose.split()) + "\n"
        if example:
            yield f"```bash\n{' '.join(example.split())}\n```\n"


def _parameters(parameters: list[Any]) -> list[str]:
    rows = [_parameter(parameter) for parameter in parameters if not parameter.hidden]
    return [*table(("argument or option", "value", "meaning"), rows), ""] if rows else []


def _parameter(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        names = parameter.metavar or parameter.name.upper()
    else:
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    meaning = parameter.help or ""
    if parameter.required:
        meaning = f"{meaning} Required."
    elif parameter.default not in (None, False) and parameter.show_default:
        meaning = f"{meaning} Default: `{parameter.default}`."
    return names, _python_type(parameter.type_descriptor.annotation), meaning


def _python_type(annotation: Any) -> str:
    """A Python type in words: of command line values, which are simple."""
    inner = get_args(annotation)
    if annotation is bool:
        return "flag"
    if all(isinstance(word, str) for word in inner) and inner:
        return " or ".join(f"`{word}`" for word in inner)
    if inner:
        return _python_type(inner[0])
    return {str: "text", int: "integer", float: "number", Path: "path"}.get(annotation, annotation.__name__)


def config_page() -> str:
    """docs/config.md: every key of every run file, with the kinds of each open folder."""
    lines = [
        NOTE,
        "# Run files\n",
        "A run file is YAML; keys that do not exist are refused. `--set section.key=value` wins over the file, a flag",
        "wins over both. `ugembed config show --for train --config FILE` prints what a file comes to and where each",
        "value came from; `ugembed config schema --for train` prints the JSON schema.\n",
    ]
    for verb in RUN_FILES:
        model = run_file_model(verb)
        lines += [f"## {verb}\n", f"{_first_paragraph(model)}\n"]
        for heading, section in _sections(model):
            lines += [f"### {heading}\n", f"{_first_paragraph(section)}\n"] if heading else []
            rows = list(_rows(section, heading.partition(":")[0]))
            lines += [*table(("key", "value", "default", "meaning"), rows), ""]
    return "\n".join(lines)


def _sections(model: type[BaseModel], prefix: str = "", heading: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """The model itself, then every section inside it: ``model``, ``model.backbone: tiny``, …"""
    yield heading, model
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        if folder := _open_folder(field):
            for kind, component in discover(folder).items():
                yield from _sections(component, f"{key}.", f"{key}: {kind}")
        elif section := _section(field):
            yield from _sections(section, f"{key}.", key)


def _open_folder(field: FieldInfo) -> str | None:
    """The open folder that the components of a field come from."""
    marks = [*field.metadata, *(mark for part in get_args(field.annotation) for mark in get_args(part))]
    return next((mark.folder for mark in marks if isinstance(mark, OneOf)), None)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, ...]]:
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        key = f"`{prefix}.{name}`" if prefix else f"`{name}`"
        meaning = field.description or ("The name that chooses it." if name == "kind" else "")
        if folder := _open_folder(field):
            value = "kind " + " or ".join(f"`{kind}`" for kind in discover(folder))
        elif section := _section(field):
            value = "section"
            meaning = meaning or _first_paragraph(section)
        else:
            value = _schema_type(schema["properties"][name])
        yield key, value, _default(field), " ".join(meaning.split()).replace("``", "`")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, ComponentConfig):
        return f"kind `{value.kind}`"
    if isinstance(value, BaseModel):
        return "as below"
    return f"`{to_json(value).decode()}`"


def _schema_type(schema: dict[str, Any]) -> str:
    """A leaf of a JSON schema in words."""
    if "anyOf" in schema:
        return " or ".join(_schema_type(part) for part in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        parts = schema.get("prefixItems")
        return (
            f"list of {len(parts)}: {_schema_type(parts[0])}" if parts else f"list of {_schema_type(schema['items'])}"
        )
    names = {"string": "text", "boolean": "true or false"}
    word = schema.get("format") or names.get(schema.get("type", "any"), schema.get("type", "any"))
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    return " ".join([word, *(f"{sign} {schema[limit]:g}" for limit, sign in signs.items() if limit in schema)])


def _first_paragraph(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli_page, "config.md": config_page, "problems.md": problems_page}


def stale() -> list[str]:
    """Names of the pages that differ from what the program says."""
    pages = {name: DOCS / name for name in PAGES}
    return [name for name, path in pages.items() if not path.is_file() or path.read_text("utf-8") != PAGES[name]()]


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name the stale ones and return 1."""
    if arguments == ["--check"]:
        names = stale()
        for name in names:
            print(f"docs/{name} is stale: run `make docs`", file=sys.stderr)
        return 1 if names else 0
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
