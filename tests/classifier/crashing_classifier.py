"""The real classifier as a process that dies at a named step: `python crashing_classifier.py SETTINGS_JSON STEP NUMBER`.

STEP is `call` (the model has answered), `publish` (a command is in Kafka) or `commit` (all are, and the offset is not).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from stream.adapters.kafka import GroupConsumer, Publisher
from stream.adapters.model import Model
from stream.adapters.topics import Topic
from stream.classifier.role import run
from stream.settings import Settings


def die_at(step: str, number: int) -> None:
    seen = {"call": 0, "publish": 0, "commit": 0}

    def count(name: str) -> None:
        seen[name] += 1
        if name == step and seen[name] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    ask, publish, commit = Model.ask, Publisher.publish, GroupConsumer.commit

    async def counted_ask(self: Model, *args: Any) -> Any:
        reply = await ask(self, *args)
        count("call")
        return reply

    def counted_publish(self: Publisher, topic: Topic, *args: Any) -> None:
        publish(self, topic, *args)
        if topic is Topic.COMMANDS:
            count("publish")

    def counted_commit(self: GroupConsumer) -> None:
        count("commit")
        commit(self)

    Model.ask, Publisher.publish, GroupConsumer.commit = counted_ask, counted_publish, counted_commit  # type: ignore[assignment, method-assign] # that is the point


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    die_at(sys.argv[2], int(sys.argv[3]))
    run(Settings(_env_file=None, **{**told, "data_dir": Path(told["data_dir"]), "rules_dir": Path(told["rules_dir"])}))
