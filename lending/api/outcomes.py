"""What a period came to for people, for other programs: inquiries, referrals and hiring events, added up.

What leaves here hides counts under five: a number is null where it is unknown, and where ``hidden`` says that it is
not. Source: RULES 7, "Hiring events", "Inquiries", "Referrals"; RULES 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from marshmallow import Schema, fields

from lending.api import answers, current
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.indicators import ReportQuery, number_of, program_of, scope_of
from lending.domain.hiring import Figure
from lending.domain.periods import between
from lending.domain.permissions import Act
from lending.domain.small_cells import Shown, hidden, hidden_with_total
from lending.models.referrals import ReferralOutcome
from lending.queries.hiring import Hiring, hiring
from lending.queries.inquiries import Inquiries, inquiries
from lending.queries.referrals import Referrals, referrals


class OutcomeCount(Schema):
    """One number. n is null where it is unknown, and where hidden says that it is under 5 or would tell such a one."""

    n = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)


class InquiriesAbout(OutcomeCount):
    """The inquiries about one topic, by its code."""

    topic = answers.text()


class ReferralsOfService(Schema):
    """What came of one service (its code), or of all together: outcomes count on the day they came."""

    service = answers.optional(fields.String)
    made = fields.Nested(OutcomeCount, required=True)
    enrolled = fields.Nested(OutcomeCount, required=True)
    placed = fields.Nested(OutcomeCount, required=True)
    did_not_go = fields.Nested(OutcomeCount, required=True)
    waiting = fields.Nested(OutcomeCount, required=True)


class HiringFigure(OutcomeCount):
    """One figure of all hiring events. not_counted is of how many nobody counted it: they are in no number."""

    figure = fields.Enum(Figure, by_value=True, required=True)
    not_counted = fields.Integer(required=True)


class PeriodOutcomes(Schema):
    """Inquiries, referrals and hiring events of a period. The first two belong to no program: they are those of all."""

    inquiries = fields.Nested(OutcomeCount, required=True)
    topics = fields.List(fields.Nested(InquiriesAbout), required=True)
    referrals = fields.List(fields.Nested(ReferralsOfService), required=True)
    hiring_events = fields.Integer(required=True)
    hiring = fields.List(fields.Nested(HiringFigure), required=True)


@call("GET", "/reports/outcomes", Act.SEE_COUNTS, query=ReportQuery, gives=PeriodOutcomes, tag="Reports")
def get_outcomes(query: Body) -> Any:
    """Read what inquiries, referrals and hiring events came to in a period"""
    period = between(query["from_"], query["to"])
    with current.library().db.read() as session:
        scope, program = scope_of(session, query), program_of(session, query)
        programs = None if program.id is None else [program.id]
        asked, sent = inquiries(session, scope, period), referrals(session, scope, period)
        held = hiring(session, scope, period, at=current.now(), programs=programs)
    return {**_topics(asked), "referrals": _services(sent), **_figures(held)}


def _topics(found: Inquiries) -> Body:
    shown, total = hidden_with_total([*found.by_topic.values()])
    return {
        "inquiries": _count(found.total, total),
        "topics": [
            {"topic": topic, **_count(n, told)} for (topic, n), told in zip(found.by_topic.items(), shown, strict=True)
        ],
    }


def _services(found: Referrals) -> list[Body]:
    """Each service, and behind them all together, whose ``service`` is null."""
    columns: dict[str, Sequence[int]] = {
        "made": [one.made for one in found.services],
        **{
            outcome.value: [one.outcomes.get(outcome, 0) for one in found.services]
            for outcome in (ReferralOutcome.ENROLLED, ReferralOutcome.PLACED, ReferralOutcome.DID_NOT_GO)
        },
        "waiting": [one.waiting for one in found.services],
    }
    told = {name: [*_column(numbers)] for name, numbers in columns.items()}
    names = [*(one.sent_to for one in found.services), None] if found.services else []
    return [{"service": name, **{each: told[each][n] for each in told}} for n, name in enumerate(names)]


def _column(numbers: Sequence[int]) -> Iterable[Body]:
    shown, total = hidden_with_total(numbers)
    return [_count(n, each) for n, each in zip((*numbers, sum(numbers)), (*shown, total), strict=True)]


def _figures(found: Hiring) -> Body:
    """Employers are no patrons; every other figure may tell of one."""
    figures = []
    for figure, one in found.figures.items():
        shown: Shown = one.n if figure is Figure.EMPLOYERS else hidden([one.n])[0]
        figures.append({"figure": figure, "not_counted": one.unknown, **_count(one.n, shown)})
    return {"hiring_events": found.count, "hiring": figures}


def _count(n: int | None, shown: Shown) -> Body:
    return {"n": number_of(shown), "hidden": n is not None and number_of(shown) is None}
