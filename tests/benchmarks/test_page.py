"""The page of benchmarks holds a section for every topic, and one topic can be renewed alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as page


def test_every_topic_has_a_section_and_no_other() -> None:
    assert sorted(page.sections(page.PAGE.read_text("utf-8"))) == page.topics()


def test_one_topic_is_renewed_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "benchmarks.md"
    copy.write_text(page.PAGE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    monkeypatch.setattr(page, "run", lambda topic: f"| {topic} anew |")
    before = page.sections(copy.read_text("utf-8"))
    page.main(["store"])
    after = page.sections(copy.read_text("utf-8"))
    assert "| store anew |" in after["store"]
    assert {name: text.strip() for name, text in after.items() if name != "store"} == {
        name: text.strip() for name, text in before.items() if name != "store"
    }


def test_the_command_line_says_which_topics_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert (page.chosen([]), page.chosen(["store"])) == (page.topics(), ["store"])
    for arguments, status, stream in ((["--help"], 0, "out"), (["sotre"], 2, "err")):
        with pytest.raises(SystemExit) as left:
            page.main(arguments)
        told = getattr(capsys.readouterr(), stream)
        assert left.value.code == status and "usage: python -m benchmarks" in told
        assert set(page.topics()) <= set(told.replace("'", " ").replace(",", " ").split())
