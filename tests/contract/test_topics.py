"""Every topic has who writes it, who reads it and what it holds, and nothing else travels."""

from collections.abc import Callable

import pytest

from schemas import codec
from schemas.alerts import decode_told
from schemas.stored import decode_stored
from schemas.topics import ALERTS, CHANGES, EVENTS, TOPICS, TRIGGERS
from streams.stages import aggregate, intake
from streams.topology import TOPOLOGY
from tests.golden.test_golden import golden
from tests.support.alerting import put
from tests.support.city import Bench
from tests.support.events import report
from tests.support.triggers import trigger

SCHEMAS: dict[str, tuple[Callable[[bytes], object], str]] = {
    EVENTS.name: (decode_stored, "incident.reported.v1.full.json"),
    CHANGES.name: (codec.decode_changes, "changes.v1.json"),
    TRIGGERS.name: (codec.decode_triggers, "triggers.v1.json"),
    ALERTS.name: (decode_told, "alerts.v1.json"),
}
"""What reads a row of each topic, and an example that is kept."""
READERS = "readers"
"""Who consumes what no stage works on: pages, the API and other systems."""


def test_every_topic_has_a_name_of_its_own() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert {EVENTS, CHANGES, TRIGGERS, ALERTS} == set(TOPICS)


def test_every_topic_has_a_producer() -> None:
    writers = {EVENTS.name: {intake.STAGE}}
    for step in TOPOLOGY:
        if step.output is not None:
            writers.setdefault(step.output.name, set()).add(step.stage.name)
    assert {each.name: {each.producer} for each in TOPICS} == writers


def test_every_topic_has_a_consumer_and_a_schema() -> None:
    stages = {step.stage.name for step in TOPOLOGY}
    readers = {step.input.name: step.stage.name for step in TOPOLOGY}
    for each in TOPICS:
        assert readers.get(each.name, each.consumer) == each.consumer
        assert each.consumer in {*stages, READERS}
        read, example = SCHEMAS[each.name]
        assert read(golden(example))
        assert each.content
    assert SCHEMAS.keys() == {each.name for each in TOPICS}


def test_the_topology_uses_registered_topics_only_and_each_stage_once() -> None:
    for step in TOPOLOGY:
        assert step.input in TOPICS
        assert step.output is None or step.output in TOPICS
        assert step.input != step.output
    names = [step.stage.name for step in TOPOLOGY]
    assert len(set(names)) == len(names)
    assert aggregate.STAGE in names


def test_a_ledger_has_a_head_for_each_topic_and_a_position_for_each_stage(bench: Bench) -> None:
    partitions = set(range(bench.ledger.partitions))
    assert all(set(bench.ledger.heads(topic.name)) == partitions for topic in TOPICS)
    assert all(
        bench.ledger.peek(step.stage.name, partition).position == 0 for step in TOPOLOGY for partition in partitions
    )


def test_what_stages_emit_is_what_the_topic_says(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    put(bench, city, trigger("t1", partnership=city))
    bench.drain()
    partition = bench.ledger.partnership(city).partition
    for topic in TOPICS:
        (row,) = bench.ledger.read_log(topic.name, partition, 1, 100)
        assert SCHEMAS[topic.name][0](row.body)


@pytest.mark.parametrize(
    ("partnership", "expected"),
    [
        ("milton-keynes", [0, 0, 0, 0, 144]),
        ("fictional", [0, 0, 1, 6, 22]),
        ("a", [0, 0, 1, 2, 202]),
        ("Ä", [0, 1, 1, 5, 189]),
        ("city-7", [0, 0, 0, 0, 24]),
    ],
)
def test_a_partnership_stays_in_its_partition_for_ever(partnership: str, expected: list[int]) -> None:
    assert [codec.partition_of(partnership, n) for n in (1, 2, 3, 8, 256)] == expected
    assert codec.partition_key(partnership) == partnership.encode()


def test_partnerships_spread_over_the_partitions() -> None:
    assert {codec.partition_of(f"partnership-{n}", 8) for n in range(100)} == set(range(8))
