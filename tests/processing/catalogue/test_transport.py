"""Asking again, keeping replies, and asking what was kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import DeadlineError, EndpointError, ForbiddenError, NotFoundError, ParameterError, ProductError
from earthweave.processing.catalogue import (
    KNOWN,
    FileCatalogue,
    FinderCatalogue,
    FolderCatalogue,
    HubCatalogue,
    ODataCatalogue,
    Recorder,
    Replay,
    Retrying,
    Search,
    StacCatalogue,
    open_catalogue,
)

from .conftest import Desk

GOOD = (200, {}, b"{}")
WHEN = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def failing(*answers: Any) -> Desk:
    """A transport that gives these answers in turn; an exception is raised."""
    left = list(answers)

    def answer(path: str, said: dict[str, str]) -> Any:
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return Desk(answer)


def test_pauses_grow_and_end() -> None:
    pauses: list[float] = []
    broken = EndpointError("c.example cannot be reached")
    desk = failing((503, {}, b""), broken, (429, {}, b""), GOOD)
    assert Retrying(desk, pauses.append, jitter=lambda: 0.0).get("https://c.example") == GOOD
    assert pauses == [1, 2, 4]
    pauses.clear()
    assert Retrying(failing(*[(503, {}, b"busy")] * 4), pauses.append, jitter=lambda: 1.0).get("https://c.example")[0] == 503
    assert pauses == [0.5, 1, 2]
    with pytest.raises(EndpointError, match="cannot be reached"):
        Retrying(failing(broken, broken), pauses.append, attempts=2).get("https://c.example")


def test_retry_after_is_heeded_within_bounds() -> None:
    pauses: list[float] = []
    desk = failing((429, {"retry-after": "7"}, b""), (503, {"retry-after": "3600"}, b""), (503, {"retry-after": "Sun, 22 Nov"}, b""), GOOD)
    Retrying(desk, pauses.append, jitter=lambda: 0.0).get("https://c.example")
    assert pauses == [7, 30, 4]


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ({"retry-after": "Sun, 22 Nov 2026 05:00:09 GMT", "date": "Sun, 22 Nov 2026 05:00:00 GMT"}, 9),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 05:00:00 GMT"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 04:00:00 GMT", "date": "Sun, 22 Nov 2026 05:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 05:00:09 GMT"}, 1),
        ({"retry-after": "Sun, 22 Nov 2026 05:00:09 GMT", "date": "now"}, 1),
        ({"retry-after": "soon"}, 1), ({"retry-after": "9" * 400}, 30), ({"retry-after": "-5"}, 1), ({}, 1),
    ],
)  # fmt: skip
def test_retry_after_may_be_a_moment(said: dict[str, str], pause: float) -> None:
    pauses: list[float] = []
    Retrying(failing((429, said, b""), GOOD), pauses.append, jitter=lambda: 0.0).get("https://c.example")
    assert pauses == [pause]


def test_what_was_late_is_asked_again() -> None:
    pauses: list[float] = []
    late = DeadlineError("c.example did not answer within 60 s")
    assert Retrying(failing(late, GOOD), pauses.append, jitter=lambda: 0.0).get("https://c.example") == GOOD
    with pytest.raises(DeadlineError):
        Retrying(failing(late, late), pauses.append, attempts=2).get("https://c.example")
    with pytest.raises(ForbiddenError):
        Retrying(failing(ForbiddenError("no")), lambda _: pytest.fail("it must not wait")).get("https://c.example")


def test_a_note_cannot_name_another_file(tmp_path: Path) -> None:
    Recorder(Desk(lambda path, said: b"kept"), tmp_path / "kept", lambda: WHEN).get("https://c.example")
    [reply], [path] = (tmp_path / "kept/replies").iterdir(), (tmp_path / "kept/requests").iterdir()
    reply.rename(tmp_path / reply.name)
    note = json.loads(path.read_bytes())
    for name in (f"../../{reply.name}", str(tmp_path / reply.name), "", "..", 5):
        path.write_text(json.dumps({**note, "reply": name}))
        with pytest.raises(ProductError, match="damaged"):
            Replay(tmp_path / "kept").get("https://c.example")
    path.write_text(json.dumps({**note, "headers": 5}))
    reply = (tmp_path / reply.name).rename(reply)
    with pytest.raises(ProductError, match="damaged"):
        Replay(tmp_path / "kept").get("https://c.example")


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 422])
def test_other_answers_are_final(status: int) -> None:
    desk = failing((status, {}, b""))
    assert Retrying(desk, lambda _: pytest.fail("it must not wait")).get("https://c.example")[0] == status


@given(st.integers(0, 12), st.floats(0, 1))
def test_no_pause_is_longer_than_the_longest(failures: int, jitter: float) -> None:
    pauses: list[float] = []
    Retrying(failing(*[(503, {}, b"")] * failures, GOOD), pauses.append, attempts=13, jitter=lambda: jitter).get("https://c.example")
    assert len(pauses) == failures
    assert all(0 < one <= 30 for one in pauses)


def test_a_search_can_be_repeated_offline(replies: Path, tmp_path: Path) -> None:
    body = (replies / "cop_dataspace_search.json").read_bytes()
    last = b'{"value": []}'
    desk = Desk(lambda path, said: last if "$skip" in said else body)
    search = Search("SENTINEL-2", limit=10)
    found = list(ODataCatalogue("https://c.example/odata/v1", Recorder(desk, tmp_path, lambda: WHEN)).search(search))
    assert len(found) == 2
    assert len(desk.asked) == 2
    replay = Replay(tmp_path)
    again = list(ODataCatalogue("https://c.example/odata/v1", replay).search(search))
    assert [one.id for one in again] == [one.id for one in found]
    assert len(desk.asked) == 2, "the catalogue itself was not asked again"
    assert replay.notice == f"offline: 2 replies replayed from {tmp_path}, recorded 2026-11-22; the catalogue itself was not asked"
    with pytest.raises(NotFoundError, match="was not recorded") as raised:
        list(ODataCatalogue("https://c.example/odata/v1", replay).search(Search("SENTINEL-1")))
    assert "SENTINEL-1" in raised.value.why


def test_equal_replies_are_kept_once_and_refusals_never(tmp_path: Path) -> None:
    desk = Desk(lambda path, said: (500, {}, b"x") if path == "/bad" else (200, {"content-type": "a", "set-cookie": "secret"}, b"same"))
    recorder = Recorder(desk, tmp_path, lambda: WHEN)
    for path in ("a", "b", "bad"):
        recorder.get(f"https://c.example/{path}")
    assert len(list((tmp_path / "replies").iterdir())) == 1
    notes = [json.loads(one.read_bytes()) for one in (tmp_path / "requests").iterdir()]
    assert sorted(one["url"][-1] for one in notes) == ["a", "b"]
    assert all(one["headers"] == {"content-type": "a"} for one in notes)
    assert Replay(tmp_path).get("https://c.example/a") == (200, {"content-type": "a"}, b"same")


def test_parameters_in_another_order_are_the_same_request(tmp_path: Path) -> None:
    Recorder(Desk(lambda path, said: b"kept"), tmp_path, lambda: WHEN).get("https://c.example", [("a", "1"), ("b", "2")])
    assert Replay(tmp_path).get("https://c.example", [("b", "2"), ("a", "1")])[2] == b"kept"
    with pytest.raises(NotFoundError):
        Replay(tmp_path).get("https://c.example", [("b", "1"), ("a", "2")])


@pytest.mark.parametrize("harm", ["body", "gone", "note"])
def test_a_damaged_recording_is_told(harm: str, tmp_path: Path) -> None:
    Recorder(Desk(lambda path, said: b"kept"), tmp_path, lambda: WHEN).get("https://c.example")
    [reply], [note] = (tmp_path / "replies").iterdir(), (tmp_path / "requests").iterdir()
    if harm == "gone":
        reply.unlink()
    else:
        (reply if harm == "body" else note).write_bytes(b"{")
    with pytest.raises(ProductError, match="damaged"):
        Replay(tmp_path).get("https://c.example")


def test_a_folder_without_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no recorded search"):
        Replay(tmp_path)


def test_catalogues_by_name_address_and_place(tmp_path: Path) -> None:
    desk = failing()
    kinds = {"stac": StacCatalogue, "odata": ODataCatalogue, "finder": FinderCatalogue}
    for known in KNOWN:
        opened = open_catalogue(known.name, desk)
        assert type(opened) is kinds[known.kind]
        assert opened.name == known.name
        assert type(open_catalogue(known.url, desk)) is kinds[known.kind], "an address shows its kind"
    assert isinstance(open_catalogue("hub+https://x.example/any", desk), HubCatalogue)
    assert isinstance(open_catalogue("https://x.example/dhus/search", desk), HubCatalogue)
    assert open_catalogue("odata+https://x.example/any", desk).name == "x.example"
    (tmp_path / "kept.geojson").write_text("{}")
    assert isinstance(open_catalogue(tmp_path), FolderCatalogue)
    assert isinstance(open_catalogue(tmp_path / "kept.geojson"), FileCatalogue)
    with pytest.raises(NotFoundError, match="there is no catalogue cdsee") as raised:
        open_catalogue("cdsee")
    assert "cdse-stac" in raised.value.why
    with pytest.raises(ParameterError, match="lies in the network"):
        open_catalogue("cdse")
    for wrong in ("ftp://x.example/stac", "https:///x", "other+https://x.example"):
        with pytest.raises(ParameterError, match="no address of a catalogue"):
            open_catalogue(wrong, desk)
