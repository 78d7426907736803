"""From a report to a count, on both databases."""

from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import amendment, link, report, withdrawal

A = ("/centres/test", "a")
B = ("/centres/test", "b")


def test_a_report_counts_in_its_ward_and_in_the_city(bench: Bench) -> None:
    city = bench.partnership()
    answers = bench.hand_in(city, report("a", strands=["race", "religion"]))
    assert [answer.outcome for answer in answers] == [Outcome.ACCEPTED]
    bench.drain()
    assert bench.rows(city, "area", "month") == [("W1", "Ward 1", "2026-06", 1)]
    assert bench.rows(city, "area", layer="city") == [("C", "Testing", 1)]
    assert bench.rows(city, "strand") == [("race", 1), ("religion", 1)]
    assert bench.rows(city, "category", "centre") == [("verbal-abuse", "/centres/test", 1)]
    assert bench.verify() == []


def test_an_amendment_moves_a_report_and_history_stays_as_it_was_known(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    bench.clock.advance(seconds=86_400)
    moved = [{"areas": [{"layer": "ward", "code": "W2"}]}]
    bench.hand_in(city, amendment("a2", A, 2, places=moved))
    bench.drain()
    assert bench.rows(city, "area") == [("W2", "Ward 2", 1)]
    assert bench.rows(city, "area", as_of="2026-07-01") == [("W1", "Ward 1", 1)]
    assert bench.rows(city, "area", as_of="2026-06-30") == []
    assert bench.rows(city, "area", "day", basis="received") == [("W1", "Ward 1", "2026-07-01", 1)]
    assert bench.verify() == []


def test_linked_reports_count_once_until_they_are_unlinked_or_withdrawn(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), report("b", reported="2026-06-30T08:00:00Z"), link("l", A, B))
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    bench.hand_in(city, withdrawal("b2", B, 2))
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    bench.hand_in(city, link("u", A, B, linked=False, revision=2), withdrawal("a2", A, 2))
    bench.drain()
    assert bench.rows(city, "area") == []
    assert bench.rows(city, "area", basis="received") == [("W1", "Ward 1", 2)]
    assert bench.verify() == []


def test_the_same_again_changes_nothing_and_other_content_is_kept_aside(bench: Bench) -> None:
    city = bench.partnership()
    outcomes = [
        answer.outcome
        for answer in bench.hand_in(city, report("a"), report("a"), report("a", strands=["religion"]), report("b"))
    ]
    assert outcomes == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.QUARANTINED, Outcome.ACCEPTED]
    bench.drain()
    assert bench.rows(city, "strand") == [("race", 2)]
    (row,) = bench.loss(city)
    assert (row.received, row.counted, row.duplicate, row.quarantined, row.pending) == (4, 2, 1, 1, 0)
    assert bench.verify() == []


def test_whoever_amends_a_report_it_stays_that_of_the_centre_that_took_it(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), amendment("a2", A, 2, source="/agencies/council"))
    bench.drain()
    assert bench.rows(city, "centre") == [("/centres/test", 1)]
    assert bench.verify() == []
