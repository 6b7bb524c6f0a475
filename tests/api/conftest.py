"""The app over a real store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from earthweave.server.api import PresetLayer, create_app
from earthweave.server.settings import WebSettings
from earthweave.server.store import Store, open_store

DATA = b"""<http://e/a> <https://w3id.org/earthweave/ontology#simulated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<http://e/a> <http://e/b> "c" .
"""


class Parrot:
    """An asker that says what it was asked; the real one is tested in its own room and in the browser."""

    def ask(self, question: str) -> dict[str, Any]:
        return {"question": question, "status": "refused", "text": f"You said: {question}"}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose data are simulated."""
    with open_store(tmp_path_factory.mktemp("api") / "store") as store:
        store.load_quads([DATA], name="data.nq")
        yield store


@pytest.fixture
def app(filled: Store) -> Flask:
    """Everything switched on."""
    layer = PresetLayer("Flooded areas", "SELECT * {}", colour="#1f6fb5", simulated=True)
    return create_app(filled, questions=Parrot(), banner="SIMULATED DATA", layers=[layer], settings=WebSettings(question_characters=40))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Speaks to the app."""
    return app.test_client()
