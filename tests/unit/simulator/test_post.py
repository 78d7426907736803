"""The post gives out what it was sent in the order of receipt, and nothing from outside its days."""

from hypothesis import given
from hypothesis import strategies as st

from producers.simulator.post import Post

OPENS, CLOSES = 1_000, 2_000


@given(st.lists(st.integers(900, 2_100)), st.lists(st.integers(OPENS, CLOSES), max_size=4))
def test_order_is_that_of_receipt_then_of_sending(instants: list[int], pauses: list[int]) -> None:
    post = Post(OPENS, CLOSES)
    sent = [post.send("incident.reported", "/synthetic/test", instant, {"n": n}) for n, instant in enumerate(instants)]
    given_out = [event for pause in sorted(pauses) for event in post.received_before(pause)]
    given_out += post.received_before(CLOSES)
    expected = sorted((each for each in sent if OPENS <= each.received_us < CLOSES), key=lambda each: each.received_us)
    assert [event["id"] for event in given_out] == [each.id for each in expected]


def test_nothing_is_given_out_before_it_is_received() -> None:
    post = Post(OPENS, CLOSES)
    post.send("incident.reported", "/synthetic/test", 1_500, {})
    assert post.received_before(1_500) == []
    assert len(post.received_before(1_501)) == 1
    assert post.received_before(CLOSES) == []


def test_ids_count_up_by_type_whether_or_not_given_out() -> None:
    post = Post(OPENS, CLOSES)
    sent = [post.send(type_, "/synthetic/test", at, {}) for type_, at in (("a.b", 0), ("a.c", 1_500), ("a.b", 1_500))]
    assert [each.id for each in sent] == ["synthetic-a-b-000001", "synthetic-a-c-000001", "synthetic-a-b-000002"]
    assert sent[2].key == {"source": "/synthetic/test", "id": "synthetic-a-b-000002"}
