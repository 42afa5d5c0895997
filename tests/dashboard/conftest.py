from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).parent))

from still import Answers, Posts, StillView

from dashboard import resources
from dashboard.desk import Snapshot
from dashboard.lags import Sight
from stream.adapters.topics import Topic
from stream.settings import Settings

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


class LagsThatStand:
    def look(self) -> Sight:
        return Sight({("worker", Topic.INBOUND): {0: 0, 1: 7}})


@pytest.fixture
def posts() -> Posts:
    return Posts()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, posts: Posts, answers: Answers) -> Iterator[Callable[..., AppTest]]:
    """Return a function that runs one page on a snapshot: `page("board", snapshot, query={...}, **settings)`."""

    def run(name: str, snapshot: Snapshot, query: dict[str, str] | None = None, **wanted: object) -> AppTest:
        rules = tmp_path / "rules"
        rules.mkdir(exist_ok=True)
        settings = Settings(
            _env_file=None, data_dir=tmp_path, **({"rules_dir": rules, "bridge_port": 9, "simulator_port": 9} | wanted)
        )
        view = StillView(snapshot)
        monkeypatch.setattr(resources, "settings", lambda: settings)
        monkeypatch.setattr(resources, "live_view", lambda: view)
        monkeypatch.setattr(resources, "heartbeat", lambda: None)
        monkeypatch.setattr(resources, "publisher", lambda: posts)
        monkeypatch.setattr(resources, "toolbox", lambda: answers)
        monkeypatch.setattr(resources, "lag_watch", LagsThatStand)
        app = AppTest.from_file(str(APP), default_timeout=20)
        for key, value in (query or {}).items():
            app.query_params[key] = value
        app.run()
        if name != "board":
            app.switch_page(f"views/{name}.py").run()
        return app

    yield run
    st.cache_resource.clear()
    st.cache_data.clear()
