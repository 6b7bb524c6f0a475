"""``demo --questions``: on the made-up country, and on the shared data with the figures that were counted apart from us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent


def _demo(*arguments: str | Path) -> tuple[dict[str, dict[str, Any]], str]:
    done = subprocess.run([BIN / "earthweave", "demo", "--questions", "--json", *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {one["question"]: one for one in json.loads(done.stdout)["result"]["answers"]}, done.stderr


def _about(answers: dict[str, dict[str, Any]], words: str) -> dict[str, Any]:
    return next(answer for question, answer in answers.items() if words in question)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Any]], str]:
    return _demo("--work", tmp_path_factory.mktemp("questions"))


def test_ten_questions_are_answered_and_say_that_they_are_simulated(made_up: tuple[dict[str, dict[str, Any]], str]) -> None:
    answers, shown = made_up
    assert len(answers) == 10
    refused = {question: answer["reason"]["code"] for question, answer in answers.items() if answer["status"] != "answered"}
    assert [(code, "March 2018" in question) for question, code in refused.items()] == [("outside-time", True)]
    assert all(not answer["unknown"] for answer in answers.values())
    assert all(answer["simulated"] for answer in answers.values() if answer["rows"])
    assert "SIMULATED DATA: THE REGION" in shown
    assert "Go on:" in shown


def test_the_made_up_country_has_what_was_drawn(made_up: tuple[dict[str, dict[str, Any]], str]) -> None:
    answers, _ = made_up
    assert [row[1] for row in _about(answers, "within 2 km")["rows"]] == ["Belmar Mill"]
    assert [row[1] for row in _about(answers, "highest volcano")["rows"]] == ["Mount Sarn"]
    assert _about(answers, "total capacity")["value"] == 420
    empty = _about(answers, "March 2018")
    assert empty["count"] == 0
    assert "March 2018" in empty["emptiness"]["text"]
    assert empty["emptiness"]["nearest"]


def test_the_shared_data_has_its_golden_facts(shared: Path, tmp_path: Path) -> None:
    answers, shown = _demo("--data", shared / "data", "--work", tmp_path)
    assert len(_about(answers, "within 2 km")["rows"]) == 4
    assert _about(answers, "flooded areas are there in Verona")["count"] == 1687
    per_unit = _about(answers, "per administrative unit")
    areas = {row[1]: row[-1] for row in per_unit["rows"]}
    assert set(areas) == {"Verona", "Padova", "Vicenza", "Venezia", "Treviso"}
    assert sum(areas.values()) == pytest.approx(6.320 + 7.959, abs=0.01)
    etna = _about(answers, "Etna")["emptiness"]["text"]
    assert "Etna" in etna
    assert "March 2018" in etna
    assert _about(answers, "highest volcano")["rows"][0][1] == "Etna"
    assert "SIMULATED" not in shown


@pytest.mark.parametrize(("arguments", "said"), [(["--data", "nowhere"], "lacks"), (["--places", "nowhere.csv"], "does not exist")])
def test_missing_input_is_told_before_anything_is_made(tmp_path: Path, arguments: list[str], said: str) -> None:
    command = [BIN / "earthweave", "demo", "--questions", "--work", tmp_path / "work", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "work").exists()
