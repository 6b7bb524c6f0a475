"""OGC API – Processes, part 1 (OGC 18-062r2) on Flask: ``/processes``, executions, ``/jobs``, results; each with a page for people."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from earthweave.ontology import ParameterError
from earthweave.processing import ServiceSpec
from earthweave.server.jobs import Job

from ._descriptions import HTML, JSON, PROCESSES, description, link, summary
from ._desk import Desk, with_response
from ._forms import PREFIX, TOKEN, fields, filled, typed, wrong_fields
from ._inputs import Order, Wishes, queried_wishes, read_inputs, read_order
from ._media import media_type
from ._pages import page
from ._problems import KINDS, FieldError, JobFailed, Unfinished, masked, respond
from ._results import file_of, finished, respond_results
from ._statuses import JOB_LIST, Listing, read_listing, result_names, status_info
from ._waiting import wanted_wait, wants_async

CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"
_CLASS = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CONFORMS_TO = tuple(_CLASS + name for name in ("core", "ogc-process-description", "json", "job-list", "dismiss"))
_WISHES = {"dismiss": "dismissals", "restart": "restarts"}
_LABELS = {"dismiss": "Cancel or remove this job", "restart": "Run it again"}
_TAIL, _LAST = 40, 1 << 16
"""Lines of the log on the page of a job, and the bytes in which they are looked for."""
LOG_END = "Earthweave-Log-End"


def blueprint(desk: Desk) -> Blueprint:
    """The routes over the jobs of a desk; their descriptions are in `describe`."""
    routes = Blueprint("processes", __name__)
    for kind in (*KINDS, JobFailed, Unfinished):
        routes.register_error_handler(kind, respond)

    @routes.before_request
    def guard() -> None:
        if not desk.settings.process_read and request.path.startswith("/jobs"):
            desk.admit("looks at jobs", request.form.get(TOKEN, ""))

    @routes.after_request
    def vary(response: Response) -> Response:
        response.vary.add("Accept")
        return response

    _offered(desk, routes)
    _executed(desk, routes)
    _jobs(desk, routes)
    _changed(desk, routes)
    return routes


def landing(desk: Desk, title: str) -> Response:
    """landingPage.yaml."""
    at = desk.address
    return jsonify({
        "title": title,
        "description": "Linked Earth-observation data: a GeoSPARQL endpoint, and the services that make its layers as processes.",
        "links": [
            link(f"{at}/?f=json", "self", JSON, "This page"),
            link(f"{at}/", "alternate", HTML, "The map"),
            link(f"{at}/api/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1", "Description of all routes"),
            link(f"{at}/conformance", CONFORMANCE, JSON, "Classes of standards that this server conforms to"),
            link(f"{at}/processes", PROCESSES, JSON, "Processes"),
            link(f"{at}/jobs", JOB_LIST, JSON, "Jobs"),
            link(f"{at}/sparql", "service", "application/sparql-results+json", "SPARQL endpoint"),
        ],
    })  # fmt: skip


def wants_html() -> bool:
    """Whether a page is wanted: ``?f=`` wins over ``Accept``; programs that take anything get JSON."""
    named = request.args.get("f")
    if named not in (None, "json", "html"):
        raise ParameterError(f"f = {named} is not accepted", way_out="one of json, html")
    return named == "html" or (named is None and request.accept_mimetypes.best_match([JSON, HTML]) == HTML)


def _twin() -> str:
    """The address of the JSON of a page."""
    return f"{request.path}?{urlencode([*((k, v) for k, v in request.args.items(multi=True) if k not in ('f', 'act')), ('f', 'json')])}"


def _offered(desk: Desk, routes: Blueprint) -> None:
    @routes.get("/conformance")
    def conformance() -> Response:
        if wants_html():
            return page("listing", title="Conformance", rows=CONFORMS_TO, here="", twin=_twin())
        return jsonify({"conformsTo": CONFORMS_TO})

    @routes.get("/processes")
    def processes() -> Response:
        wanted = read_listing({name: request.args.getlist(name) for name in ("limit", "offset")})
        rest = desk.specs()[wanted.offset :]
        found = [summary(spec, desk.address) for spec in rest[: wanted.limit]]
        more = _next(desk, wanted) if len(rest) > wanted.limit else ""
        if wants_html():
            return page("processes", processes=found, more=more, here="processes", twin=_twin())
        return jsonify({"processes": found, "links": _links(desk, "All processes", more)})

    @routes.get("/processes/<process>")
    def process(process: str) -> Response:
        spec = desk.spec(process)
        if wants_html():
            return _form_page(desk, spec, values=filled(request.args))
        return jsonify(described(desk, spec))


def described(desk: Desk, spec: ServiceSpec) -> dict[str, Any]:
    """The description of a process without the inputs that the server fills."""
    told = description(spec, desk.address)
    return {**told, "inputs": {name: one for name, one in told["inputs"].items() if name not in desk.hidden(spec)}}


def _links(desk: Desk, title: str, more: str) -> list[dict[str, str]]:
    here = f"{desk.address}{request.full_path.rstrip('?')}"
    found = [link(here, "self", JSON, title), link(f"{desk.address}{request.path}?f=html", "alternate", HTML, title)]
    return [*found, link(more, "next", JSON, "Next page")] if more else found


def _next(desk: Desk, wanted: Listing) -> str:
    """The address of the page behind this one."""
    said = [(name, text) for name, text in request.args.items(multi=True) if name not in ("limit", "offset")]
    return f"{desk.address}{request.path}?{urlencode([*said, ('limit', wanted.limit), ('offset', wanted.offset + wanted.limit)])}"


def _form_page(desk: Desk, spec: ServiceSpec, status: int = 200, **told: Any) -> Response:
    values, errors = told.get("values", {}), told.get("errors", {})
    hidden = desk.hidden(spec) | {one for one in ("output_path",) if not _names_file(spec)}
    return page(
        "process", status, spec=spec, fields=fields(spec, hidden, values, errors), prefix=PREFIX, writable=desk.gate.writable,
        problem=told.get("problem"), denied=told.get("denied", ""), here="processes", twin=f"/processes/{spec.id}?f=json",
    )  # fmt: skip


def _names_file(spec: ServiceSpec) -> bool:
    return bool(spec.parameters.model_json_schema()["properties"]["output_path"].get("suffixes"))


def _executed(desk: Desk, routes: Blueprint) -> None:
    @routes.post("/processes/<process>/execution")
    def execute(process: str) -> BaseResponse:
        spec = desk.spec(process)
        if request.mimetype == "application/x-www-form-urlencoded":
            return _sent_form(desk, spec)
        desk.admit("executions")
        order = read_order(spec, request.get_json(), desk.places(spec))
        job = desk.submit(spec, order)
        if wants_async():
            response = jsonify(status_info(job, desk.address))
            response.status_code = 201
            response.headers["Location"] = f"{desk.address}/jobs/{job.id}"
            response.headers["Preference-Applied"] = "respond-async"
            return response
        return _waited(desk, job, with_response(order.wishes, "raw"))


def _waited(desk: Desk, job: Job, wishes: Wishes) -> Response:
    """The results of a job that a client waits for; raises `Unfinished` if that takes too long."""
    ended = desk.room.until(lambda: found if (found := desk.jobs.get(job.id)).ended else None, desk.room.longest)
    location = f"{desk.address}/jobs/{job.id}"
    if ended is None:
        raise Unfinished(
            f"{job.service} is not done yet",
            why=f"clients are kept waiting for {desk.room.longest:g} s at most (process_wait), and so many at a time (process_waiting)",
            way_out=f"it goes on as {location}; for long runs ask with Prefer: respond-async",
            location=location,
        )
    response = respond_results(finished(ended, desk.address), wishes, desk.address, desk.value_size)
    response.headers.add("Link", f'<{location}>; rel="monitor"; type="{JSON}"')
    return response


def _sent_form(desk: Desk, spec: ServiceSpec) -> BaseResponse:
    """A form from the page of a process: its job's page, or the form again with what is wrong with which field."""
    texts = filled(request.form)
    try:
        desk.admit("executions", request.form.get(TOKEN, ""))
    except Unauthorized as error:
        return _form_page(desk, spec, 403, values=texts, denied=str(error.description))
    try:
        values = read_inputs(spec, typed(spec, texts), desk.places(spec))
        if errors := wrong_fields(spec, values):
            return _form_page(desk, spec, 400, values=texts, errors=errors)
        job = desk.submit(spec, Order(values, Wishes()))
    except ParameterError as error:
        name = error.field if isinstance(error, FieldError) else ""
        told = " ".join(filter(None, (error.what, error.why, error.way_out)))
        return _form_page(desk, spec, 400, values=texts, errors={name: told} if name else {}, problem=None if name else error)
    return redirect(f"/jobs/{job.id}", 303)


def _jobs(desk: Desk, routes: Blueprint) -> None:
    @routes.get("/jobs")
    def jobs() -> Response:
        wanted = read_listing(dict(request.args.lists()))
        found, more = wanted.page(desk.jobs)
        after = _next(desk, wanted) if more else ""
        told = [status_info(job, desk.address) for job in found]
        if wants_html():
            return page("jobs", jobs=told, more=after, served=desk.jobs.served, here="jobs", twin=_twin())
        return jsonify({"jobs": told, "links": _links(desk, "Jobs", after)})

    @routes.get("/jobs/<job>")
    def job(job: str) -> Response:
        found = desk.job(job)
        if wants_html():
            return _job_page(desk, found, request.args.get("act", ""))
        known, seconds = request.if_none_match, wanted_wait()
        if known and seconds:
            changed = desk.room.until(lambda: None if (now := desk.job(job)) and known.contains(_tag(now)) else now, seconds)
            found = changed or desk.job(job)
        response = jsonify(status_info(found, desk.address))
        response.set_etag(_tag(found))
        response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(request)
        return response

    @routes.get("/jobs/<job>/log")
    def log(job: str) -> Response:
        return _log(desk, job)

    @routes.get("/jobs/<job>/results")
    def results(job: str) -> Response:
        found = finished(desk.job(job), desk.address)
        if wants_html() and "response" not in request.args:
            return _job_page(desk, found, "")
        wishes = queried_wishes(desk.spec(found.service), desk.wishes(found), request.args)
        return respond_results(found, with_response(wishes, "document"), desk.address, desk.value_size)

    @routes.get("/jobs/<job>/results/<path:file>")
    def result(job: str, file: str) -> Response:
        return file_of(finished(desk.job(job), desk.address), file)


def _tag(job: Job) -> str:
    """Changes whenever the status of a job does."""
    said = (job.state, job.progress, job.stage, job.message, str(job.created), str(job.started))
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:20]


def _log(desk: Desk, id: str) -> Response:
    """A piece of a log: text, or JSON that says where it ends; with ``Prefer: wait`` once there is one, or the job has ended."""
    since = request.args.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 16):
        raise ParameterError(f"since = {since[:40]} is not accepted", way_out="give the number of bytes that are known already")

    def look() -> tuple[Any, bool] | None:
        # the state first: what is written before the end is then in the piece
        ended = desk.job(id).ended
        part = desk.jobs.log(id, int(since))
        return (part, ended) if part.text or ended else None

    part, ended = desk.room.until(look, wanted_wait()) or (desk.jobs.log(id, int(since)), desk.job(id).ended)
    named = request.args.get("f") or request.accept_mimetypes.best_match(["text/plain", JSON]) or "text/plain"
    if named in ("json", JSON):
        response = jsonify({"text": masked(part.text), "end": part.end, "ended": ended and not part.text})
    else:
        response = Response(masked(part.text), content_type="text/plain; charset=utf-8")
    response.headers[LOG_END] = str(part.end)
    response.headers["Cache-Control"] = "no-store"
    return response


def _job_page(desk: Desk, job: Job, act: str, status: int = 200, denied: str = "") -> Response:
    act = act if act in _LABELS else ""
    error = json.loads(respond(JobFailed(job.message, job=job)).get_data()) if job.error else None
    names = result_names(job) if job.state == "successful" else []
    files = [{"name": name, "href": quote(name), "media": media_type(name)} for name in names]
    acts = ["dismiss", *(["restart"] if job.state in ("failed", "dismissed") else [])]
    lines = masked(desk.jobs.log(job.id, -_LAST).text).splitlines()[-_TAIL:]
    return page(
        "job", status, job={"stage": "", "inputs": {}, **status_info(job, desk.address)}, error=error, files=files, log="\n".join(lines),
        act=act, acts=acts if desk.gate.writable else [], labels=_LABELS, denied=denied, refresh=not job.ended and not act, here="jobs",
        twin=f"/jobs/{job.id}?f=json",
    )  # fmt: skip


def _changed(desk: Desk, routes: Blueprint) -> None:
    @routes.delete("/jobs/<job>")
    def dismiss(job: str) -> Response:
        desk.admit("dismissals")
        return jsonify(_dismissed(desk, desk.job(job)))

    @routes.post("/jobs/<job>/dismiss", endpoint="dismiss_form")
    def dismiss_form(job: str) -> BaseResponse:
        found = desk.job(job)
        if refused := _refused(desk, found, "dismiss"):
            return refused
        told = _dismissed(desk, found)
        if not _from_form():
            return jsonify(told)
        return redirect("/jobs" if found.ended else f"/jobs/{job}", 303)

    @routes.post("/jobs/<job>/restart")
    def restart(job: str) -> BaseResponse:
        found = desk.job(job)
        if refused := _refused(desk, found, "restart"):
            return refused
        again = desk.jobs.restart(job)
        return redirect(f"/jobs/{job}", 303) if _from_form() else jsonify(status_info(again, desk.address))


def _from_form() -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"


def _refused(desk: Desk, job: Job, act: str) -> Response | None:
    """The page of the job again if a form lacks the token; None if the act may be done. Raises as `Desk.admit` for programs."""
    try:
        desk.admit(_WISHES[act], request.form.get(TOKEN, ""))
    except Unauthorized as error:
        if not _from_form():
            raise
        return _job_page(desk, job, act, 403, str(error.description))
    return None


def _dismissed(desk: Desk, job: Job) -> dict[str, Any]:
    """Kill a job that has not ended; remove one that has, with its results."""
    if not job.ended:
        return status_info(desk.jobs.cancel(job.id), desk.address)
    desk.jobs.remove(job.id)
    told = {**status_info(job, desk.address), "status": "dismissed", "message": "removed with its results"}
    return {**told, "links": [link(f"{desk.address}/jobs", "up", JSON, "All jobs")]}
