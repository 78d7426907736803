"""What a message says, and what it never says."""

import pytest

from alerts.policy.lifecycle import DeliveryKind
from alerts.policy.wording import Subject, message
from schemas.vocabulary import Marking

SUBJECT = Subject("a1b2", "opened", "amber-high", "actual", "Wolverton")


def test_a_message_says_that_an_alert_needs_somebody_where_how_soon_and_gives_a_link() -> None:
    said = message("0f0f", SUBJECT, "https://bellwether.example/mk/")
    assert said.title == "A new alert needs you: Wolverton, amber-high"
    assert said.text.splitlines() == [
        "A new alert needs you.",
        "Area: Wolverton",
        "Severity: amber-high",
        "https://bellwether.example/mk/alerts/a1b2",
        "Message 0f0f",
    ]
    assert said.key == "0f0f"


@pytest.mark.parametrize("marking", [each for each in Marking if each is not Marking.ACTUAL])
@pytest.mark.parametrize("kind", DeliveryKind)
def test_what_is_not_actual_says_so_in_its_first_word(marking: Marking, kind: DeliveryKind) -> None:
    said = message("k", SUBJECT._replace(marking=marking, kind=kind), "http://127.0.0.1:8000")
    assert said.title.split()[0] == marking.upper()
    assert said.text.split()[0] == marking.upper()


def test_each_kind_of_news_is_told_apart() -> None:
    said = [message("k", SUBJECT._replace(kind=kind), "http://h") for kind in DeliveryKind]
    assert len({each.title for each in said}) == len(DeliveryKind)
    assert "overdue" in said[-1].title


def test_an_alert_of_no_area_is_of_the_whole_partnership() -> None:
    assert "Area: the whole partnership" in message("k", SUBJECT._replace(area=""), "http://h").text
