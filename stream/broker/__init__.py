"""A broker of our own for one machine: Apache Kafka where Java and Maven are there, a small one from PyPI where they are not.

    broker = start_broker(Path("data"))
    print(broker.notice)         # which it is, and what it does not keep
    ...                          # clients connect to broker.bootstrap
    broker.stop()

Production uses a cluster of its own (KAFKA_BOOTSTRAP_SERVERS) and never comes here.
"""

from __future__ import annotations

from stream.broker.running import Broker, start_broker

__all__ = ["Broker", "start_broker"]
