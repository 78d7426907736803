"""Metrics are a closed set on a registry of the caller's; no name or label can be made up."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from infra.observability.metrics import CounterName, GaugeName, HistogramName, Metrics

NAMES = [*CounterName, *GaugeName, *HistogramName]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def labels_of(name: CounterName | GaugeName) -> dict[str, str]:
    return {label: f"a-{label}" for label in name.value.labels}


def test_the_set_is_known_and_whole(registry: CollectorRegistry) -> None:
    Metrics(registry)
    assert {family.name for family in registry.collect()} == {name.value.name for name in NAMES}
    assert {name.value.name for name in NAMES} == {
        *("bellwether_stage_records", "bellwether_stage_batches", "bellwether_dead_letters"),
        *("bellwether_stage_position", "bellwether_stage_stopped"),
        *("bellwether_requests", "bellwether_events_handed_in", "bellwether_request_seconds"),
    }


def test_every_metric_says_what_it_means_and_has_a_name_of_its_own() -> None:
    assert len({name.value.name for name in NAMES}) == len(NAMES)
    assert all(name.value.name.startswith("bellwether_") for name in NAMES)
    assert all(name.value.meaning for name in NAMES)


@pytest.mark.parametrize("name", list(HistogramName))
def test_a_histogram_keeps_how_long_things_took(registry: CollectorRegistry, name: HistogramName) -> None:
    metrics, labels = Metrics(registry), {label: f"a-{label}" for label in name.value.labels}
    metrics.observe(name, labels, 0.02)
    assert registry.get_sample_value(f"{name.value.name}_sum", labels) == 0.02
    assert registry.get_sample_value(f"{name.value.name}_bucket", labels | {"le": "0.01"}) == 0
    assert registry.get_sample_value(f"{name.value.name}_bucket", labels | {"le": "0.025"}) == 1


@pytest.mark.parametrize("name", list(CounterName))
def test_a_counter_counts(registry: CollectorRegistry, name: CounterName) -> None:
    metrics = Metrics(registry)
    metrics.count(name, labels_of(name))
    metrics.count(name, labels_of(name), 2)
    assert registry.get_sample_value(f"{name.value.name}_total", labels_of(name)) == 3
    with pytest.raises(ValueError, match="non-negative"):
        metrics.count(name, labels_of(name), -1)


@pytest.mark.parametrize("name", list(GaugeName))
def test_a_gauge_is_set(registry: CollectorRegistry, name: GaugeName) -> None:
    metrics = Metrics(registry)
    metrics.set(name, labels_of(name), 7)
    metrics.set(name, labels_of(name), 5)
    assert registry.get_sample_value(name.value.name, labels_of(name)) == 5


def test_what_is_not_in_the_set_cannot_be_measured(registry: CollectorRegistry) -> None:
    metrics = Metrics(registry)
    counter, gauge = CounterName.DEAD_LETTERS, GaugeName.STAGE_STOPPED
    wrong: list[tuple[Callable[..., None], tuple[Any, ...], type[Exception]]] = [
        (metrics.count, ("bellwether_invented", {}), KeyError),
        (metrics.set, ("bellwether_invented", {}, 1), KeyError),
        (metrics.count, (gauge, labels_of(gauge)), KeyError),
        (metrics.set, (counter, labels_of(counter), 1), KeyError),
        (metrics.count, (counter, {**labels_of(counter), "source": "/centres/test"}), ValueError),
        (metrics.count, (counter, {"code": "poison"}), ValueError),
        (metrics.set, (gauge, {"ward": "W1"}, 1), ValueError),
    ]
    before = generate_latest(registry)
    for call, arguments, error in wrong:
        with pytest.raises(error):
            call(*arguments)
    assert generate_latest(registry) == before


def test_two_in_one_process_do_not_meet_and_the_global_registry_stays_empty(registry: CollectorRegistry) -> None:
    other = CollectorRegistry()
    one = Metrics(registry)
    Metrics(other)
    one.count(CounterName.DEAD_LETTERS, labels_of(CounterName.DEAD_LETTERS))
    assert b"a-stage" not in generate_latest(other)
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("bellwether")]
    with pytest.raises(ValueError, match="Duplicated"):
        Metrics(registry)
