"""Write the generated pages: settings, functions and command line; services. ``--check`` fails if they are not up to date."""

from __future__ import annotations

import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import click

from earthweave.ontology import EarthweaveError
from earthweave.processing import ServiceSpec
from earthweave.processing.frame import Described, described
from earthweave.server.cli import main
from earthweave.server.settings import markdown
from earthweave.server.store import open_store
from earthweave.server.workflows import registry

FOLDER = Path(__file__).parent
MARK = "<!-- written by docs/generate.py; do not edit -->"


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


def _cell(text: str) -> str:
    """A text that stays in its cell and is shown letter by letter."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("\n", " ")


def _default(one: Described) -> str:
    if one.required:
        return "required"
    if one.default in (None, "", []):
        return ""
    return f"`{','.join(map(str, one.default)) if isinstance(one.default, list) else one.default}`"


def _call(spec: ServiceSpec, style: str) -> str:
    """A command line with what is required, in short or long options."""
    said = [one for one in described(spec.parameters) if one.required]
    spelled = [(min(one.options, key=len) if style == "short" else max(one.options, key=len), one) for one in said]
    return " ".join(
        [spec.executable, *(f"{option} {one.name.upper()}{one.suffixes[0] if one.suffixes else ''}" for option, one in spelled)]
    )


def _service(spec: ServiceSpec) -> str:
    """One service as a section."""
    calls = dict.fromkeys(_call(spec, style) for style in ("short", "long"))
    rows = [
        f"| {', '.join(f'`{option}`' for option in one.options)} | {_cell(one.description)} | {_cell(one.limits)} | {_default(one)} |"
        for one in described(spec.parameters)
    ]
    made = [f"| `{one.role}` | {one.kind} | {_cell(one.media_type)} | `{one.naming}` | {_cell(one.description)} |" for one in spec.outputs]
    lists = {
        "Questions that it can answer": [f"*{one.text}*" for one in spec.questions],
        "References": [f"{one.citation}{f', doi:{one.doi}' if one.doi else ''}" for one in spec.references],
    }
    told = "\n".join(
        f"{title}:\n\n" + "".join(f"- {_cell(row) if title == 'References' else row}\n" for row in found)
        for title, found in lists.items()
        if found
    )
    facts = f"Version {spec.version}; {spec.domain}; {', '.join(spec.keywords)}. Licence of the results: {spec.licence}."
    credit = "".join(f" {sentence}" for sentence in spec.attribution)
    lines = "\n".join(calls)
    return (
        f"## {spec.title}\n\n`{spec.id}` · `{spec.executable}`\n\n{_cell(spec.abstract)}\n\n```\n{lines}\n```\n\n"
        "| option | meaning | bounds, choices, unit | default |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "| makes | kind | media type | file | contents |\n|---|---|---|---|---|\n" + "\n".join(made) + f"\n\n{told}\n{facts}{credit}\n"
    )


def services_page() -> str:
    """The services, made from their descriptors."""
    rows = "\n".join(f"- [{spec.title}](#{_anchor(spec.title)}): `{spec.executable}`" for spec in registry())
    return (
        f"# Services\n\n{MARK}\n\nEach runs as a command of its own name, as `earthweave process run ID`, as a [job](jobs.md), and over "
        "HTTP. Whatever runs it, it leaves its layers with a style for QGIS, `item.json` (STAC), `prov.ttl` (PROV-O; not from Python's "
        "`run_service`) and `run.json`; nothing appears before it is complete. Areas of interest are WKT in longitude and latitude, or a "
        f"GeoJSON or GeoPackage file.\n\n{rows}\n\n" + "\n".join(_service(spec) for spec in registry())
    )


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def page() -> str:
    """The reference page, made from the code."""
    services = "\n".join(f"| `{spec.id}` | `{spec.executable}` | {spec.version} | {spec.title} |" for spec in registry())
    verbs = "\n".join(_help(path, command) for path, command in _commands(main, "earthweave"))
    return (
        f"# Reference\n\n{MARK}\n\n## Settings\n\nFlag over environment over default.\n\n"
        f"{markdown()}\n## Services\n\n| id | executable | version | title |\n|---|---|---|---|\n{services}\n\n"
        f"## Functions\n\n{_functions()}\n## Commands\n\n{verbs}"
    )


PAGES = {"reference.md": page, "services.md": services_page}

if __name__ == "__main__":
    for name, made in PAGES.items():
        text, path = made(), FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            raise EarthweaveError(f"docs/{name} is not up to date", way_out="make docs")
