"""``/co/max`` and the gRPC pipeline over real jobs: both tell what the Python call tells, and every failure by its code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from earthweave.ontology import AbortedError, DeadlineError, LimitError, NotFoundError, ParameterError, SizeLimitError
from earthweave.processing.air import Area, co_maximum
from earthweave.processing.catalogue import Found
from earthweave.processing.simulate import CoOrbit, sentinel5p_co
from earthweave.server.api import Processes, create_app
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.settings import EndpointSettings, PipelineSettings, ProcessSettings
from earthweave.server.store import Store
from earthweave.server.workflows import CoMaxDesk, CoQuestion
from tests.jobs.conftest import eventually

grpc = pytest.importorskip("grpc", reason="the extra grpc is not installed")
health_pb2 = pytest.importorskip("grpc_health.v1.health_pb2")
FIJI = "POLYGON((175 -20, 185 -20, 185 -12, 175 -12, 175 -20))"
DAY = ("2020-03-03", "2020-03-04")


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two granules of one orbit around the equator, of which one looked at Fiji."""
    folder = tmp_path_factory.mktemp("products")
    for rows in ((1700, 1780), (2300, 2340)):
        sentinel5p_co(folder, CoOrbit(rows=rows))
    return folder


@pytest.fixture(scope="module")
def settings(products: Path) -> PipelineSettings:
    """Of a server for tests."""
    return PipelineSettings(co_products=str(products), grpc_port=0, co_wait=180.0)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Jobs with a worker."""
    made = Jobs(tmp_path_factory.mktemp("jobs"), JobLimits(), "earthweave.server.workflows:registry")
    with made.worker():
        yield made


@pytest.fixture(scope="module")
def desk(jobs: Jobs, settings: PipelineSettings) -> CoMaxDesk:
    """Answers from the granules."""
    return CoMaxDesk(jobs, settings)


@pytest.fixture(scope="module")
def truth(products: Path) -> dict[str, Any]:
    """The Python call, as JSON."""
    told: dict[str, Any] = json.loads(json.dumps(co_maximum(sorted(products.iterdir()), Area.read(FIJI)).describe()))
    return told


# -- the desk


def test_the_broker_finds_what_looked_there(desk: CoMaxDesk, truth: dict[str, Any]) -> None:
    assert [one.id for one in desk.find(CoQuestion(FIJI, *DAY))] == truth["products"]
    assert desk.find(CoQuestion(FIJI, "2020-03-04", "2020-03-05")) == ()


def test_an_area_in_a_file_of_the_server_is_refused(desk: CoMaxDesk, tmp_path: Path) -> None:
    (tmp_path / "area.geojson").write_text("{}")
    for ask in (desk.find, desk.maximum):
        with pytest.raises(ParameterError, match="name of a file"):
            ask(CoQuestion(str(tmp_path / "area.geojson"), *DAY))


def test_limits_of_the_desk(jobs: Jobs, settings: PipelineSettings) -> None:
    with pytest.raises(SizeLimitError) as caught:
        CoMaxDesk(jobs, replace(settings, co_products_most=1)).maximum(CoQuestion(FIJI, *DAY))
    assert "co_products_most" in caught.value.why
    with pytest.raises(LimitError, match="too many calls"):
        CoMaxDesk(jobs, replace(settings, co_calls=0)).find(CoQuestion(FIJI, *DAY))
    with pytest.raises(ParameterError, match="is no folder"):
        CoMaxDesk(jobs, PipelineSettings())


def test_who_leaves_or_waits_too_long_has_the_job_killed(desk: CoMaxDesk, jobs: Jobs) -> None:
    with pytest.raises(DeadlineError):
        desk.maximum(CoQuestion(FIJI, *DAY, quality=0.11), seconds=0)
    assert jobs.list(most=1)[0].state == "dismissed"
    with pytest.raises(AbortedError):
        desk.maximum(CoQuestion(FIJI, *DAY, quality=0.12), left=lambda: True)
    assert jobs.list(most=1)[0].state == "dismissed"


def test_a_catalogue_can_be_the_broker(jobs: Jobs, settings: PipelineSettings, truth: dict[str, Any]) -> None:
    class Catalogue:
        """Says that it has one product that lies here, and one that does not."""

        name, notices = "stub", list[str]()

        def search(self, search: Any, progress: Any = None) -> Iterator[Found]:
            assert (search.collection, search.product_type) == ("SENTINEL-5P", "L2__CO____") and search.area.intersects(
                Area.read(FIJI).geometry
            )
            for id in (truth["product"], truth["product"].replace("12367", "99999")):
                yield Found(id, id, "stub", search.collection, None, search.product_type, "L2", search.time, search.area)

    other = CoMaxDesk(jobs, settings, Catalogue())
    here, away = other.find(CoQuestion(FIJI, *DAY))
    assert other.maximum(CoQuestion(FIJI, *DAY), [here.id])[0] == truth
    with pytest.raises(NotFoundError, match="99999"):
        other.maximum(CoQuestion(FIJI, *DAY), [here.id, away.id])


# -- REST


@pytest.fixture
def client(filled: Store, desk: CoMaxDesk) -> FlaskClient:
    """Speaks to an app that answers /co/max."""
    return create_app(filled, columns=desk).test_client()


def test_rest_tells_what_the_python_call_tells(client: FlaskClient, truth: dict[str, Any]) -> None:
    query = {"aoi": FIJI, "start": DAY[0], "end": DAY[1]}
    assert client.get("/co/max", query_string=query).get_json() == truth
    layer = client.get("/co/max", query_string={**query, "f": "geojson"})
    assert layer.content_type == "application/geo+json"
    (feature,) = layer.get_json()["features"]
    assert feature["geometry"]["coordinates"] == [truth["longitude"], truth["latitude"]] and feature["properties"]["simulated"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, "bad-parameter"),
        ({"aoi": "POINT(1 2)"}, 400, "bad-parameter"),
        ({"aoi": "/etc/area.geojson"}, 400, "bad-parameter"),
        ({"aoi": FIJI, "start": "yesterday"}, 400, "bad-parameter"),
        ({"aoi": FIJI, "quality": "1"}, 400, "bad-parameter"),
        ({"aoi": FIJI, "colour": "red"}, 400, "bad-parameter"),
        ({"aoi": "POLYGON((0 50, 1 50, 1 51, 0 50))"}, 404, "not-found"),
        ({"aoi": FIJI, "start": "2021-01-01"}, 404, "not-found"),
    ],
)
def test_rest_tells_what_is_wrong(client: FlaskClient, query: dict[str, str], status: int, code: str) -> None:
    answer = client.get("/co/max", query_string=query)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json" and "/etc/" not in answer.get_json()["why"]


def test_a_product_that_cannot_be_read_is_no_mistake_of_who_asks(filled: Store, jobs: Jobs, products: Path, tmp_path: Path) -> None:
    (tmp_path / min(products.iterdir()).name).write_bytes(b"no product")
    desk = CoMaxDesk(jobs, PipelineSettings(co_products=str(tmp_path)))
    answer = create_app(filled, columns=desk).test_client().get("/co/max", query_string={"aoi": FIJI})
    assert (answer.status_code, answer.get_json()["code"]) == (500, "processing-failed")


def test_rest_describes_itself(client: FlaskClient, filled: Store) -> None:
    described = client.get("/api/openapi.json").get_json()["paths"]["/co/max"]["get"]
    assert {one["name"] for one in described["parameters"]} == {"aoi", "start", "end", "quality", "pixels", "f"}
    assert create_app(filled).test_client().get("/co/max").status_code == 404


def test_as_an_ogc_process_it_tells_the_same(filled: Store, jobs: Jobs, products: Path, truth: dict[str, Any]) -> None:
    token = "t" * 24
    app = create_app(filled, processes=Processes(jobs, roots=(products,)), endpoint=EndpointSettings(update_token=token))
    inputs = {"input": sorted(path.name for path in products.iterdir()), "aoi": FIJI}
    answer = app.test_client().post(
        "/processes/co-max/execution",
        json={"inputs": inputs, "outputs": {"result": {}}},
        headers={"Authorization": f"Bearer {token}"},
        buffered=True,
    )
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.get_json() == truth


def test_serve_offers_it_where_a_folder_of_products_is_set(
    filled: Store, jobs: Jobs, products: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earthweave.server.cli._web_verbs import open_app

    processes = Processes(jobs, ProcessSettings())
    plain = open_app(filled, None, "127.0.0.1", processes).test_client()
    assert plain.get("/co/max", base_url="http://localhost").status_code == 404
    monkeypatch.setenv("EARTHWEAVE_CO_PRODUCTS", str(products))
    served = open_app(filled, None, "127.0.0.1", processes).test_client()
    assert served.get("/co/max", base_url="http://localhost").status_code == 400


# -- gRPC


class Caller:
    """A client of the pipeline as any program would write it, with the messages of ``model.proto``."""

    def __init__(self, port: int) -> None:
        from earthweave.server.pipeline import message

        self.message = message
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.find = self._call("/Broker/find", "Query", "Products")
        self.max = self._call("/Analyser/max", "Products", "Result")

    def _call(self, path: str, taken: str, given: str) -> Any:
        return self.channel.unary_unary(path, self.message(taken).SerializeToString, self.message(given).FromString)

    def query(self, area: str = FIJI, start: str = DAY[0], end: str = DAY[1], **more: Any) -> Any:
        """A Query."""
        return self.message("Query")(area=area, start=start, end=end, **more)


@pytest.fixture(scope="module")
def caller(desk: CoMaxDesk, settings: PipelineSettings) -> Iterator[Caller]:
    """Speaks to a server on loopback."""
    from earthweave.server.pipeline import pipeline_server

    server, port = pipeline_server(desk, settings)
    server.start()
    made = Caller(port)
    yield made
    made.channel.close()
    server.stop(0).wait()


def _status(call: Any, request: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, **more)
    return caught.value.code().name, caught.value.details()


def test_grpc_tells_what_the_python_call_tells(caller: Caller, truth: dict[str, Any], products: Path) -> None:
    found = caller.find(caller.query())
    (product,) = found.products
    assert (product.id, product.orbit, product.stream) == (truth["product"], 12367, "TEST")
    assert product.size == (products / f"{product.id}.nc").stat().st_size and found.query == caller.query()
    result = caller.max(found, timeout=180)
    for field in result.DESCRIPTOR.fields:
        value = getattr(result, field.name)
        assert (list(value) if field.name == "products" else value) == truth[field.name]


def test_grpc_tells_what_is_wrong(caller: Caller) -> None:
    bad = {"area": "POINT(1 2)"}, {"area": ""}, {"start": "yesterday"}, {"start": "2020-03-05"}, {"area": "/etc/area.geojson"}
    for more in bad:
        code, text = _status(caller.find, caller.query(**more))
        assert code == "INVALID_ARGUMENT" and ";" in text
    products = caller.message("Products")
    other = caller.message("Product")(id="S5P_OFFL_L2__CO_____none")
    assert _status(caller.max, products(query=caller.query(), products=[other]))[0] == "NOT_FOUND"
    assert _status(caller.max, products(query=caller.query()))[0] == "NOT_FOUND"
    found = caller.find(caller.query())
    found.query.pixels = "corner"
    assert _status(caller.max, found)[0] == "INVALID_ARGUMENT"
    found.query.pixels, found.query.area = "", "POLYGON((0 50, 1 50, 1 51, 0 50))"
    code, text = _status(caller.max, found)
    assert code == "NOT_FOUND" and "no product looked at the area" in text


def test_grpc_refuses_messages_that_are_too_long(caller: Caller) -> None:
    assert _status(caller.find, caller.query(area="x" * 300_000))[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\xff", b"\x0a\x02\xc3\x28"])
def test_grpc_says_of_bytes_that_are_no_message_that_they_are_none(caller: Caller, data: bytes) -> None:
    for path, name in (("/Broker/find", "Query"), ("/Analyser/max", "Products")):
        code, text = _status(caller.channel.unary_unary(path), data)
        assert code == "INVALID_ARGUMENT" and f"the message is no {name}" in text and "--proto" in text


@pytest.fixture
def idle(settings: PipelineSettings, tmp_path: Path) -> Iterator[tuple[Caller, Jobs]]:
    """Speaks to a server whose jobs nobody runs, so that none is done before its time."""
    from earthweave.server.pipeline import pipeline_server

    jobs = Jobs(tmp_path / "jobs", JobLimits(), "earthweave.server.workflows:registry")
    server, port = pipeline_server(CoMaxDesk(jobs, settings), settings)
    server.start()
    made = Caller(port)
    yield made, jobs
    made.channel.close()
    server.stop(0).wait()


def test_a_deadline_and_a_caller_who_leaves_end_the_job(idle: tuple[Caller, Jobs]) -> None:
    caller, jobs = idle
    found = caller.find(caller.query())
    assert _status(caller.max, found, timeout=5)[0] == "DEADLINE_EXCEEDED"
    eventually(lambda: [one.state for one in jobs.list()] == ["dismissed"])
    call = caller.max.future(found)
    eventually(lambda: [one.state for one in jobs.list()] == ["accepted", "dismissed"])
    call.cancel()
    eventually(lambda: [one.state for one in jobs.list()] == ["dismissed", "dismissed"])


def test_health_is_told_while_all_places_are_taken(jobs: Jobs, settings: PipelineSettings) -> None:
    from earthweave.server.pipeline import pipeline_server

    class Slow(CoMaxDesk):
        """Keeps a caller until it is let go."""

        go = threading.Event()

        def _submitted(self, question: Any, ids: Any) -> Any:
            self.go.wait(180)
            raise NotFoundError("nothing")

    desk = Slow(jobs, replace(settings, co_calls=1))
    server, port = pipeline_server(desk, replace(settings, co_calls=1))
    server.start()
    caller = Caller(port)
    waiting = caller.max.future(caller.message("Products")(query=caller.query()))
    eventually(lambda: not desk._free._value)
    request, response = health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
    check = caller.channel.unary_unary("/grpc.health.v1.Health/Check", request.SerializeToString, response.FromString)
    assert {check(request(service=name)).status for name in ("", "Broker", "Analyser")} == {response.SERVING}
    assert _status(check, request(service="Other"))[0] == "NOT_FOUND"
    assert _status(caller.find, caller.query())[0] == "RESOURCE_EXHAUSTED"
    desk.go.set()
    assert _status(waiting.result, 180)[0] == "NOT_FOUND"
    caller.channel.close()
    server.stop(0).wait()


def test_a_failure_of_ours_is_told_by_a_number(caplog: pytest.LogCaptureFixture) -> None:
    from earthweave.server.pipeline import status_of

    code, text = status_of(ValueError("a secret"))
    assert code.name == "INTERNAL" and "incident" in text and "secret" not in text
    assert "a secret" in str(caplog.records[0].exc_info)


def test_the_verb_serves_until_it_is_interrupted(products: Path, tmp_path: Path, truth: dict[str, Any]) -> None:
    line = [
        sys.executable,
        "-c",
        "from earthweave.server.cli import main; main()",
        "serve-grpc",
        "--products",
        str(products),
        "--port",
        "0",
    ]
    with subprocess.Popen([*line, "--jobs", str(tmp_path / "jobs")], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            port = int(process.stderr.readline().split()[1].rpartition(":")[2])
            caller = Caller(port)
            assert [one.id for one in caller.find(caller.query(), timeout=180).products] == truth["products"]
            caller.channel.close()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(180) == 0


def test_the_verb_prints_the_model() -> None:
    from click.testing import CliRunner

    from earthweave.server.cli import main
    from earthweave.server.pipeline import model_text

    assert CliRunner().invoke(main, ["serve-grpc", "--proto"]).output == model_text()


def test_a_port_that_is_taken_is_told(desk: CoMaxDesk, settings: PipelineSettings, caller: Caller) -> None:
    from earthweave.server.pipeline import pipeline_server

    server, port = pipeline_server(desk, settings)
    with pytest.raises(ParameterError, match=f"cannot listen on 127.0.0.1:{port}"):
        pipeline_server(desk, replace(settings, grpc_port=port))
    server.stop(0).wait()


def test_the_description_of_the_model_is_up_to_date(root: Path, tmp_path: Path) -> None:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    from earthweave.server.pipeline import MODEL, model_text

    protoc = pytest.importorskip("grpc_tools.protoc")
    data = root / "server/pipeline/data"
    assert protoc.main(["protoc", f"-I{data}", f"--descriptor_set_out={tmp_path}/made", "model.proto"]) == 0
    made = FileDescriptorSet.FromString((tmp_path / "made").read_bytes()).file[0]
    assert made == MODEL, (
        "run: python -m grpc_tools.protoc -I server/pipeline/data --descriptor_set_out=server/pipeline/data/model.binpb model.proto"
    )
    assert model_text() == (data / "model.proto").read_text("utf-8")
