"""Alerts as one caller may see them."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts.policy.guarded import guarded_strands, names_its_rule
from alerts.policy.why import REASONS
from api.alert_answers import AlertAnswer, AlertListed, WhySummary
from api.answers import Completeness, SetBy, freshness_of
from api.callers import Caller
from api.figures import Figures, said_of, sight_of
from api.moment import Moment
from infra.db.alert_card import card
from infra.db.alert_views import AlertView, ListedAlert
from infra.db.evidence import Narrowed, narrow
from infra.db.places import Places
from schemas.triggers import Trigger
from streams.core.days import instant_of


def listed(figures: Figures, places: Places, found: ListedAlert) -> AlertListed:
    """Return an alert for a list: its last update says in short why it is there."""
    alert, latest = found.alert, found.latest
    sight = sight_of(figures, places, alert.key.layer)
    said = _with_meaning(said_of(figures, places, latest, None))
    is_told = sight.exact or (latest.rule == alert.rule and names_its_rule(latest, sight))
    holder = alert.holder
    return AlertListed(
        id=alert.id,
        alert_class=alert.key.alert_class,
        rule=alert.rule if is_told else None,
        layer=alert.key.layer,
        area=alert.key.area_code,
        area_name=alert.area_name,
        strand_group=guarded_strands(alert.key.strand_group, sight),
        severity=alert.severity,
        marking=alert.marking,
        state=alert.state,
        opened_at=instant_of(alert.opened_at_us),
        updated_at=instant_of(alert.updated_at_us),
        acknowledge_by=None if alert.acknowledge_by_us is None else instant_of(alert.acknowledge_by_us),
        below_since=None if alert.below_since_us is None else instant_of(alert.below_since_us),
        holder=None if holder is None else SetBy(actor=holder.user, agency=holder.agency),
        updates=alert.updates,
        why=WhySummary.model_validate({name: said[name] for name in WhySummary.model_fields}),
    )


def shown(now: Moment, figures: Figures, caller: Caller, view: AlertView) -> AlertAnswer:
    """Return one alert with the evidence that may be named to the caller's agency; to nobody's, none."""
    kept = _narrowed(now.connection, caller, view.updates)
    sight = sight_of(figures, now.places, view.alert.key.layer)

    def said(trigger: Trigger, previous: Trigger | None) -> dict[str, Any]:
        return _with_meaning(said_of(figures, now.places, trigger, previous))

    whole = card(AlertView(view.alert, kept.triggers, view.transitions, view.deliveries), kept.left_out, said_of=said)
    if not figures.exact:
        for update in whole["updates"]:
            update["left_out"] = None
    opened_by = next((each for each in view.updates if each.rule == view.alert.rule), None)
    if opened_by is not None and not names_its_rule(opened_by, sight):
        whole["rule"] = None
    whole["strand_group"] = guarded_strands(view.alert.key.strand_group, sight)
    return AlertAnswer.model_validate(whole | {"freshness": freshness_of(now.standing)})


def _narrowed(connection: Connection, caller: Caller, updates: list[Trigger]) -> Narrowed:
    if caller.agency is not None:
        return narrow(connection, caller.partnership, caller.agency, updates)
    bare = [msgspec.structs.replace(each, evidence=()) for each in updates]
    return Narrowed(bare, [len(each.evidence) for each in updates])


def _with_meaning(said: dict[str, Any]) -> dict[str, Any]:
    return said | {
        "meaning": REASONS.get(said["reason"], said["reason"]),
        "completeness": Completeness(**said["completeness"]),
    }
