"""Outcomes: what a period came to for people: workshops, surveys, inquiries, referrals, hiring events.

Source: RULES 7; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.domain.hiring import Figure as Counted
from lending.domain.indicators import DEFINITIONS, NAMES, Indicator
from lending.domain.permissions import Act, Role
from lending.queries import referrals as referring
from lending.queries.captains import CaptainFigures, captain_figures
from lending.queries.hearing import HeardFigures, heard
from lending.queries.hiring import Hiring, hiring
from lending.queries.in_library import Uses, uses
from lending.queries.inquiries import DEFINITION as INQUIRIES_ARE
from lending.queries.inquiries import Inquiries, inquiries
from lending.queries.program_sessions import Workshops, workshops_of
from lending.queries.referrals import Referrals, referrals
from lending.queries.report_rows import session_names
from lending.queries.stories import StoryFigures, story_figures
from lending.queries.surveys import SurveyResults, survey_results
from lending.reporting import words
from lending.reporting.report import Figure, Number, Report, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import outcome_tables, showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.circulation import link
from lending.web.reports.official import online_note

bp = Blueprint("outcomes", __name__, url_prefix="/reports")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything that a period came to."""

    workshops: Workshops
    before: Workshops
    names: dict[str, str]
    surveys: SurveyResults
    inquiries: Inquiries
    referrals: Referrals
    hiring: Hiring
    heard: HeardFigures
    captains: CaptainFigures
    stories: StoryFigures
    uses: Uses


@bp.get("/outcomes")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """What came of it for people."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="outcomes.page", filters=("period", "branch", "program"))


@bp.get("/outcomes.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def _report(choice: Choice) -> Report:
    with current.library().db.read() as session:
        found = _read(session, choice)
    reader = current.reader()
    tables = outcome_tables
    sections = (
        tables.workshops(found.workshops, found.names),
        tables.agreement(found.surveys),
        tables.inquiries(found.inquiries),
        tables.referrals(found.referrals),
        tables.hiring(found.hiring),
        tables.hearing(found.heard),
    )
    return Report(
        name="outcomes",
        title=_("Outcomes"),
        period=period_words(choice.period, reader),
        before=period_words(choice.before, reader),
        made_at=current.now(),
        narrowed=tuple(pair for pair in choice.narrowed() if pair[0] != _("Kind of kit")),
        figures=_figures(found, choice),
        sections=sections,
        adding=tables.adding(found.workshops),
        notes=_notes(choice, found),
        on=choice.period.last,
    )


def _read(session: Session, choice: Choice) -> Outcomes:
    """All of it; the number of statements is the same whatever the size."""
    person, scope, period = current.person(), choice.branch_ids, choice.period
    program = choice.program_code
    of_program = None if choice.program_id is None else [choice.program_id]
    # What is on line belongs to the whole system: whoever looks at all of it sees it, and a lead what they lead.
    wide = None if current.branch_ids() is None and choice.branch is None else scope
    led = person.program_ids if person.role is Role.PROGRAM else frozenset[int]()
    at, zone = current.now(), current.library().settings.zone
    now, before = (
        workshops_of(session, wide, each, zone=zone, at=at, led=led, program_id=choice.program_id)
        for each in (period, choice.before)
    )
    return Outcomes(
        workshops=now,
        before=before,
        names=session_names(session, {one.cohort for one in (*now.sessions, *now.posted)}),
        surveys=survey_results(session, wide, period, program=program),
        inquiries=inquiries(session, scope, period),
        referrals=referrals(session, scope, period),
        hiring=hiring(session, scope, period, at=at, programs=of_program),
        heard=heard(session, scope, period, program=program),
        captains=captain_figures(session, wide, period, program=program),
        stories=story_figures(session, scope, period, program=program),
        uses=uses(session, scope, period),
    )


def _notes(choice: Choice, found: Outcomes) -> tuple[str, ...]:
    notes = []
    if choice.branch is not None or current.branch_ids() is not None:
        notes.append(online_note())
        notes.append(_("Answers about a session are those of all its libraries, because they are anonymous."))
    if choice.program is not None:
        notes.append(_("Inquiries, referrals and uses of kits belong to no program: they are those of all."))
    if found.workshops.uncounted:
        told = {
            "known": len(found.workshops.sessions) - found.workshops.uncounted,
            "all": len(found.workshops.sessions),
        }
        notes.append(
            _("Attended is of %(known)s of %(all)s workshops: nobody counted everybody at the others.", **told)
        )
    return tuple(notes)


def _figures(found: Outcomes, choice: Choice) -> tuple[Figure, ...]:
    return (*_workshops(found.workshops, found.before), *_services(found), *_around(found, choice))


def _workshops(now: Workshops, before: Workshops) -> tuple[Figure, ...]:
    def figure(which: Indicator, n: float | None, was: float | None, *, unit: Unit = Unit.PEOPLE) -> Figure:
        return Figure(
            _(NAMES[which]),
            Number(n, unit, url="#workshops"),
            _(DEFINITIONS[which]),
            before=Number(was, unit),
            measure=which.value,
        )

    return (
        figure(Indicator.EVENTS, len(now.sessions), len(before.sessions), unit=Unit.THINGS),
        figure(Indicator.REGISTERED, now.registered, before.registered),
        figure(Indicator.ATTENDED, now.attended, before.attended),
        figure(Indicator.REACH, now.reach, before.reach),
        Figure(
            _("Views within 30 days"),
            Number(now.survey_views, url="#workshops"),
            _("Views within 30 days of the recordings posted in the period, as the libraries' survey counts them."),
            before=Number(before.survey_views),
        ),
    )


def _services(found: Outcomes) -> tuple[Figure, ...]:
    enrolled = [one.enrolled() for one in found.referrals.services]
    offers = found.hiring.figures[Counted.OFFERS].n
    return (
        Figure(_("Inquiries"), Number(found.inquiries.total, url="#inquiries"), _(INQUIRIES_ARE), measure="inquiries"),
        Figure(
            _("Referrals"),
            Number(found.referrals.made, url="#referrals"),
            _(referring.MADE_ARE),
            measure="referrals",
        ),
        Figure(
            _("Enrolled elsewhere"),
            Number(sum(enrolled) if enrolled else None, url="#referrals"),
            _(referring.ENROLLED_ARE),
            measure="enrolled",
        ),
        Figure(
            _("Hiring events"),
            Number(found.hiring.count, Unit.THINGS, url="#hiring"),
            _("Hiring events that were held in the period."),
        ),
        Figure(
            _(words.HIRING[Counted.OFFERS][0]),
            Number(offers, url="#hiring"),
            _(words.HIRING[Counted.OFFERS][1]),
            measure=outcome_tables.hired(Counted.OFFERS),
        ),
    )


def _around(found: Outcomes, choice: Choice) -> tuple[Figure, ...]:
    # Uses of kits are those of all programs: the list of one would have fewer.
    used = link(choice, Counter.IN_LIBRARY) if choice.program is None else None
    return (
        Figure(
            _("Survey answers"),
            Number(found.surveys.answers, url="#agreement"),
            _("Answers to surveys about workshops held and sessions that ended in the period. They are anonymous."),
        ),
        Figure(
            _("Captains"),
            Number(found.captains.captains),
            _("People who coached a session that began in the period, once for each session."),
            note=_("%(count)s came back after taking part", count=found.captains.returned)
            if found.captains.captains >= 5 and found.captains.returned >= 5
            else "",
        ),
        Figure(
            _("Heard from a friend"),
            Number(found.heard.peer_referrals, url="#hearing"),
            _("People who said that a friend who took part had told them."),
        ),
        Figure(
            _("Stories"),
            Number(found.stories.kept),
            _("Stories that people gave in the period with their written consent."),
        ),
        Figure(
            _("Used in the library"),
            Number(found.uses.in_library, url=used),
            _("Kits used inside the building and due at closing, without a loan."),
        ),
        Figure(
            _("Used at events"),
            Number(found.uses.at_events),
            _("Kits used at a workshop or a hiring event, without a loan."),
        ),
    )
