"""Write the generated pages: settings, services, functions and command line. ``--check`` fails if they are not up to date."""

from __future__ import annotations

import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import click

from earthweave.ontology import EarthweaveError
from earthweave.server.cli import main
from earthweave.server.settings import markdown
from earthweave.server.store import open_store
from earthweave.server.workflows import registry

PAGE = Path(__file__).with_name("reference.md")


def _commands(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command, info_name=path)
    children = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [(path, command), *(row for name, child in children if child for row in _commands(child, f"{path} {name}"))]


def _help(path: str, command: click.Command) -> str:
    with click.Context(command, info_name=path, terminal_width=110, max_content_width=110) as context:
        return f"### `{path}`\n\n```\n{command.get_help(context).rstrip()}\n```\n"


def _functions() -> str:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        offered = store.extensions()
    rows = []
    for namespace, names in groupby(offered.functions, key=lambda name: re.sub(r"[^/#]*$", "", name)):
        marked = (f"`{name.removeprefix(namespace)}`" + ("*" if name in offered.aggregates else "") for name in names)
        rows.append(f"| `{namespace}` | {', '.join(marked)} |\n")
    return "Beyond those of SPARQL 1.1; aggregates are marked *.\n\n| namespace | functions |\n|---|---|\n" + "".join(rows)


def page() -> str:
    """The reference page, made from the code."""
    services = "\n".join(f"| `{spec.id}` | `{spec.executable}` | {spec.version} | {spec.title} |" for spec in registry())
    verbs = "\n".join(_help(path, command) for path, command in _commands(main, "earthweave"))
    return (
        "# Reference\n\n<!-- written by docs/generate.py; do not edit -->\n\n## Settings\n\nFlag over environment over default.\n\n"
        f"{markdown()}\n## Services\n\n| id | executable | version | title |\n|---|---|---|---|\n{services}\n\n"
        f"## Functions\n\n{_functions()}\n## Commands\n\n{verbs}"
    )


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        if PAGE.read_text("utf-8") != text:
            raise EarthweaveError("docs/reference.md is not up to date", way_out="make docs")
    else:
        PAGE.write_text(text, "utf-8")
