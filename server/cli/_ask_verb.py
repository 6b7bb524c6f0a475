"""``ask``: a question in English, answered from the store, or by a run that the user starts."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click

from earthweave.ontology import ParameterError
from earthweave.server.questions import JobLauncher, StoreAsker
from earthweave.server.settings import JobSettings, QuestionLimits, read
from earthweave.server.workflows import registry

from ._console import Outcome, Reporter, harmless, store_option, text_table, verb
from ._job_verbs import jobs_option, open_jobs
from ._store_verbs import existing_store


def answer_lines(answer: dict[str, Any], most: int = 20, *, explain: bool = False) -> str:
    """An answer for people: the text, the first rows, what was understood and assumed, what was not, why it was refused."""
    lines = [answer["text"], *_rows(answer, most)]
    if answer["paraphrase"]:
        lines.append(f"  understood: {answer['paraphrase']}")
    lines += [f"  assumed: {one['text']}" for one in answer["assumptions"]]
    if answer["unknown"]:
        lines.append(f"  not understood: {', '.join(answer['unknown'])}")
    if answer["status"] == "refused":
        lines.append(f"  refused: {answer['reason']['code']}")
    if answer["emptiness"]:
        lines += [f"  try: {one['text']}" for one in answer["emptiness"]["nearest"]]
    if answer["proposal"]:
        lines += _proposal(answer["proposal"])
    if answer["simulated"]:
        lines.append("  SIMULATED DATA: this answer rests on simulated data")
    return harmless("\n".join([*lines, *(_explanation(answer) if explain else ())]))


def _explanation(answer: dict[str, Any]) -> list[str]:
    """Chips, other readings, the query and how long each stage took."""
    lines = [f"  chip: {one['label']}: {one['value']}{_others(one)}" for one in answer["chips"]]
    lines += [f"  or: {one['text']}" for one in answer["readings"]]
    took = ", ".join(f"{stage} {1000 * seconds:.0f} ms" for stage, seconds in answer["timings"].items())
    query = [f"  {line}" for line in answer["sparql"].splitlines()]
    return [*lines, f"  took: {took}", *(["  SPARQL:", *query] if query else [])]


def _others(chip: dict[str, Any]) -> str:
    others = "; ".join(one["text"] for one in chip["alternatives"])
    return f"  (or: {others})" if others else ""


def _rows(answer: dict[str, Any], most: int) -> list[str]:
    hidden = {"simulated"} | ({"feature"} if "label" in answer["columns"] else set())
    shown = [column for column, name in enumerate(answer["columns"]) if name not in hidden]
    if not shown or not answer["rows"]:
        return []
    rows = [[_cell(row[column]) for column in shown] for row in answer["rows"][:most]]
    left = len(answer["rows"]) - most
    more = [f"… and {left:,} more of those listed: --json gives them all"] if left > 0 else []
    return [f"  {line}" for line in [*text_table([answer["columns"][column] for column in shown], rows), *more]]


def _cell(value: Any) -> str:
    """A value of a table; numbers with as many digits as say something, --json has them all."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _proposal(proposal: dict[str, Any]) -> list[str]:
    said = [f"  {name} = {value}" for name, value in proposal["parameters"].items()]
    cost = [f"  {note}" for note in (proposal["estimate"] or {}).get("notes", ())]
    start = [] if (proposal["estimate"] or {}).get("obstacle") else ["  start it: the same with --start"]
    return [f"  proposed: {proposal['service']}", *(f"  {line}" for line in (*said, *cost)), *start]


def fixed_parameters(store: Path, scenes: str | None = None) -> dict[str, dict[str, Any]]:
    """What no question says of the services that it may start: the store, and where scenes lie."""
    folder = read(JobSettings, {"scenes_folder": scenes}).scenes_folder
    return {"flood-assessment": {"store": str(store.absolute()), **({"scenes": folder} if folder else {})}}


@click.command()
@click.argument("question", required=False)
@click.option("--explain", "explaining", is_flag=True, help="Also tell chips, other readings, the query, and the time of each stage.")
@click.option("--start", "starting", is_flag=True, help="If a run would answer it: start that run as a job.")
@click.option("--wait", "waiting", is_flag=True, help="With --start: stay until the job has ended; it is run from here if no worker is.")
@click.option("--scenes", metavar="DIR", help="Folder of the scenes that a run may take (or set EARTHWEAVE_SCENES_FOLDER).")
@jobs_option
@store_option
@verb
def ask(
    question: str | None, explaining: bool, starting: bool, waiting: bool, scenes: str | None, folder: str | None, store_path: str
) -> Outcome:
    """Ask a question in English about what the store holds; without one, ask one after the other, each may follow up on the last.

    What the store cannot answer, but a run of a service could, is proposed with what it would cost; --start starts it.

    \b
    Example:  earthweave ask "Which administrative units were flooded in March 2021?"
    """
    with existing_store(store_path) as store:
        launcher = JobLauncher(lambda: open_jobs(folder), registry(), fixed_parameters(store.path, scenes))
        asker = StoreAsker(store, limits=read(QuestionLimits), launcher=launcher)
        answer = asker.ask(question) if question else _talk(asker, explaining)
    if answer is None:
        return Outcome({}, "")
    notices = tuple(notice["text"] for notice in answer["notices"])
    if not starting:
        return Outcome(answer, answer_lines(answer, explain=explaining) if question else "", notices=notices)
    if answer["proposal"] is None:
        raise ParameterError("there is nothing to start", why=answer["text"], way_out="leave out --start, or ask for what a run can bring")
    return _started(launcher, answer, waiting)


def _talk(asker: StoreAsker, explaining: bool) -> dict[str, Any] | None:
    """Questions from the keyboard until there are no more; gives the last answer."""
    with suppress(ImportError):
        # lines can be edited and called up again where the terminal's library is there
        import readline  # noqa: F401
    answer, machine = None, bool(click.get_current_context().params.get("as_json"))
    prompt = "? " if sys.stdin.isatty() else ""
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            question = input(prompt).strip()
            if question:
                answer = asker.ask(question, dialogue=answer and answer["dialogue"])
                click.echo(answer_lines(answer, explain=explaining), err=machine)
    return answer


def _started(launcher: JobLauncher, answer: dict[str, Any], waiting: bool) -> Outcome:
    """Submit the run that an answer proposes; follow it, or say who will run it."""
    proposal, jobs = answer["proposal"], launcher.jobs
    id = launcher.start(proposal["service"], proposal["parameters"])
    if waiting:
        with ExitStack() as stack:
            if not jobs.served:
                stack.enter_context(jobs.worker())
            reporter = stack.enter_context(Reporter())
            for progress in launcher.watch(id):
                reporter(progress)
    job = jobs.get(id)
    done = f"job {id}: {job.state}" + (f"; results in {job.folder}" if waiting else "")
    idle = () if waiting or jobs.served else (f"no worker runs in {jobs.folder}: start one with `earthweave job worker`",)
    return Outcome({**answer, "job": job.describe()}, "\n".join([answer_lines(answer), done]), notices=idle)
