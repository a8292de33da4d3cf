"""The tables of the page of outcomes: workshops, agreement, inquiries, referrals, hiring events, how people heard."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from flask import url_for
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain.attendance import WorkshopTold, count
from lending.domain.hiring import Figure as Counted
from lending.domain.indicators import DEFINITIONS, NAMES, Indicator
from lending.domain.small_cells import rank
from lending.domain.surveys import STATEMENTS
from lending.models.outcomes import HeardFrom
from lending.models.referrals import ReferralOutcome
from lending.queries import referrals as referring
from lending.queries.hearing import HeardFigures
from lending.queries.hiring import Hiring
from lending.queries.inquiries import Inquiries
from lending.queries.program_sessions import ProgramSession, Workshops
from lending.queries.referrals import Referrals
from lending.queries.surveys import SurveyResults
from lending.reporting import findings, words
from lending.reporting.report import Adding, Column, Number, Row, Section, Table, Unit
from lending.web import current
from lending.web.outcomes.standing import word_of, words_of
from lending.web.reports.frame import voice

HIRED = (Counted.REGISTERED, Counted.ATTENDED, Counted.EMPLOYERS, Counted.INTERVIEWS, Counted.OFFERS, Counted.HIRES)
"""The figures of a hiring event that the table shows."""


def hired(which: Counted) -> str:
    """What a sum of hiring events measures: people register for workshops and come to them too."""
    return f"hiring:{which.value}"


def workshops(found: Workshops, names: Mapping[str, str]) -> Section:
    """Workshops and attendance by session; views of recordings stand beside and are never added.

    Views are of the recordings posted in the period: one that was posted later has its session there all the same.
    """
    told, posted = _by_cohort(found.sessions), _by_cohort(found.posted)
    called = _called(found, names)
    rows = []
    for cohort in dict.fromkeys((*told, *posted)):
        counted, seen = count(told.get(cohort, ())), count(posted.get(cohort, ()))
        numbers = (
            Number(counted.attended, measure=f"attended:{cohort}"),
            Number(counted.onsite, measure=f"onsite:{cohort}"),
            Number(counted.virtual, measure=f"virtual:{cohort}"),
            Number(counted.sessions, Unit.THINGS),
            Number(seen.survey_views),
        )
        rows.append(Row(called[cohort], numbers, url=url_for("workshops.of_session", code=cohort)))
    rows.sort(key=lambda row: (rank(row.numbers[0].value), row.label))
    spoken = voice()
    whole = (
        Number(found.attended),
        Number(found.onsite),
        Number(found.virtual),
        Number(len(found.sessions), Unit.THINGS),
        Number(found.survey_views),
    )
    heads = (
        Column(_("Attended live"), _(DEFINITIONS[Indicator.ATTENDED]), measure=Indicator.ATTENDED.value),
        Column(_("In the room"), measure="onsite"),
        Column(_("Online"), measure="virtual"),
        Column(_(NAMES[Indicator.EVENTS])),
        Column(_("Views within 30 days")),
    )

    def tell(table: Table) -> str:
        attended = table.total.numbers[0] if table.total is not None else whole[0]
        held = spoken.ngettext("%(num)s workshop", "%(num)s workshops", len(found.sessions)) % {
            "num": spoken.count(len(found.sessions))
        }
        if not found.sessions:
            return str(_("No workshop was held in this period"))
        if attended.hidden is not None or attended.value is None:
            return str(_("%(workshops)s were held", workshops=held))
        told = {"people": spoken.count(attended.value), "workshops": held}
        return str(_("%(people)s attended live, at %(workshops)s", **told))

    return Section(
        "workshops",
        tell,
        Table(_("Workshops by session"), _("Session"), heads, tuple(rows), Row(_("Together"), whole)),
        Kind.ROWS if 1 < len(rows) <= 12 else None,
        (0,),
        _("Bars: how many attended live in each session, the most first."),
        _("A recorded view is never attendance. What nobody counted is not known, and is not 0."),
    )


def _by_cohort(workshops: Iterable[ProgramSession]) -> dict[str, list[WorkshopTold]]:
    told: defaultdict[str, list[WorkshopTold]] = defaultdict(list)
    for one in workshops:
        told[one.cohort].append(one.held.told)
    return told


def _called(found: Workshops, names: Mapping[str, str]) -> dict[str, str]:
    """What sessions are called, with the first day of those that share a name, as workshops of one day do."""
    first = {one.cohort: one.on for one in reversed((*found.sessions, *found.posted))}
    often = Counter(names.get(cohort, cohort) for cohort in first)
    day = current.reader().day_and_year
    named = ((cohort, names.get(cohort, cohort), on) for cohort, on in first.items())
    return {cohort: name if often[name] == 1 else f"{name}, {day(on)}" for cohort, name, on in named}


def adding(found: Workshops) -> tuple[Adding, ...]:
    """Attendance is of the room and on line together, where all of it is known; and reach."""
    sums = []
    for cohort, series in _by_cohort(found.sessions).items():
        counted = count(series)
        if counted.attended == (counted.onsite or 0) + (counted.virtual or 0):
            sums.append(Adding(f"attended:{cohort}", (f"onsite:{cohort}", f"virtual:{cohort}")))
    attended = Indicator.ATTENDED.value
    if found.attended == (found.onsite or 0) + (found.virtual or 0):
        sums.append(Adding(attended, ("onsite", "virtual")))
    return (*sums, *reach(found))


def reach(found: Workshops) -> Iterator[Adding]:
    """Reach is attendance and views, which stand nowhere: whoever takes the one off the other knows them."""
    if found.attended is not None and found.views is not None:
        yield Adding(Indicator.REACH.value, (Indicator.ATTENDED.value, "views"), (("views", found.views),))


def agreement(found: SurveyResults) -> Section:
    """How many agree with each of the four statements, of those who answered it."""
    rows = []
    for name in STATEMENTS:
        told = found.statements[name]
        share = None if told.percent is None else told.percent / 100
        rows.append(
            Row(_(words.STATEMENTS[name]), (Number(share, Unit.SHARE, cases=(told.n, told.agree)), Number(told.n)))
        )
    spoken = voice()

    def tell(table: Table) -> str:
        known = [row for row in table.rows if row.numbers[0].value is not None]
        if not known:
            return str(_("Too few answered to say how many agree"))
        most = max(known, key=lambda row: row.numbers[0].value or 0)
        told = {"share": spoken.share(most.numbers[0].value or 0), "statement": most.label}
        return str(_("%(share)s agree: “%(statement)s”", **told))

    return Section(
        "agreement",
        tell,
        Table(
            _("Who agrees, of those who answered"),
            _("What was asked"),
            (
                Column(_("Agree"), _("Answers of 4 or 5 on a scale of five, of all answers to the statement.")),
                Column(_("Answers")),
            ),
            tuple(rows),
        ),
        Kind.SHARES,
        (0,),
        _("Bars: how many of a hundred agree with each statement, in tracks of a hundred."),
    )


def inquiries(found: Inquiries) -> Section:
    """Inquiries by topic."""
    names = words_of(current.library().own_settings().inquiry_topics)
    rows = tuple(Row(word_of(code, names), (Number(n),)) for code, n in found.by_topic.items())
    spoken = voice()
    return Section(
        "inquiries",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(now)s inquiries, all about one thing: %(label)s"),
            first=_("People asked most about %(label)s: %(now)s of %(all)s inquiries"),
            nothing=_("Nobody tallied an inquiry in this period"),
        ),
        Table(
            _("Inquiries by topic"),
            _("Topic"),
            (Column(_("Inquiries"), measure="inquiries"),),
            rows,
            Row(_("Together"), (Number(found.total),)),
        ),
        Kind.ROWS,
        (0,),
        _("Bars: the inquiries about each topic, the most first."),
    )


def referrals(found: Referrals) -> Section:
    """Where people were sent, and what came of it."""
    names = words_of(current.library().own_settings().referral_services)
    outcomes = (ReferralOutcome.ENROLLED, ReferralOutcome.PLACED, ReferralOutcome.DID_NOT_GO)
    rows = tuple(
        Row(
            word_of(one.sent_to, names),
            (Number(one.made), *(Number(one.outcomes.get(each, 0)) for each in outcomes), Number(one.waiting)),
        )
        for one in found.services
    )
    sums = [sum(row.numbers[place].value or 0 for row in rows) for place in range(5)]
    spoken = voice()
    heads = (
        Column(_("Referrals"), _(referring.MADE_ARE), measure="referrals"),
        Column(_("Enrolled elsewhere"), _(referring.ENROLLED_ARE), measure="enrolled"),
        Column(_("Found work"), _(referring.OUTCOME_IS)),
        Column(_("Did not go")),
        Column(_("No answer yet")),
    )
    return Section(
        "referrals",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(now)s referrals, all to one service: %(label)s"),
            first=_("People were sent most often to %(label)s: %(now)s of %(all)s referrals"),
            nothing=_("Nobody was referred in this period"),
        ),
        Table(
            _("Referrals by service"),
            _("Sent to"),
            heads,
            rows,
            Row(_("Together"), tuple(Number(n) for n in sums)) if rows else None,
        ),
        note=_("An answer counts on the day it came. It may be about a referral made before this period."),
    )


def hiring(found: Hiring) -> Section:
    """Hiring events one by one; a sum is of the events that counted, and says how many did not."""
    reader, spoken = current.reader(), voice()
    rows = tuple(
        Row(
            f"{event.name}, {reader.day_and_year(event.on)}",
            tuple(Number(event.figures[each], _unit(each)) for each in HIRED),
            url=url_for("hiring.show", public_id=event.event),
        )
        for event in found.events
    )
    whole = tuple(Number(found.figures[each].n, _unit(each)) for each in HIRED)
    heads = tuple(Column(_(words.HIRING[each][0]), _(words.HIRING[each][1]), measure=hired(each)) for each in HIRED)
    unknown = found.figures[Counted.ATTENDED].unknown

    def tell(table: Table) -> str:
        if not table.rows:
            return str(_("No hiring event was held in this period"))
        numbers = table.total.numbers if table.total is not None else whole
        attended, offers = numbers[HIRED.index(Counted.ATTENDED)], numbers[HIRED.index(Counted.OFFERS)]
        held = spoken.ngettext("%(num)s hiring event", "%(num)s hiring events", len(table.rows)) % {
            "num": len(table.rows)
        }
        if attended.value is None or offers.value is None:
            return held
        told = {"events": held, "people": spoken.count(attended.value), "offers": spoken.count(offers.value)}
        return str(_("%(events)s, %(people)s people, %(offers)s offers", **told))

    note = _("Nobody counted who came to %(count)s of them.", count=unknown) if unknown else ""
    return Section(
        "hiring",
        tell,
        Table(_("Hiring events"), _("Event"), heads, rows, Row(_("Together"), whole) if rows else None),
        note=note,
    )


def _unit(figure: Counted) -> Unit:
    """Employers are no patrons; everything else could tell of one."""
    return Unit.THINGS if figure is Counted.EMPLOYERS else Unit.PEOPLE


def hearing(found: HeardFigures) -> Section:
    """How people heard of it."""
    spoken = voice()
    ordered = sorted(HeardFrom, key=lambda source: (rank(found.sources[source]), list(HeardFrom).index(source)))
    rows = tuple(Row(_(words.HEARD[source]), (Number(found.sources[source]),)) for source in ordered)
    return Section(
        "hearing",
        lambda table: findings.most(
            spoken,
            table,
            one="%(label)s",
            first=_("People heard of it most often from: %(label)s, %(now)s of %(all)s"),
            nothing=_("Nobody has said how they heard of it"),
        ),
        Table(
            _("How people heard of it"),
            _("From"),
            (
                Column(
                    _("People"), _("People who said how they heard when they enrolled or registered; nobody has to.")
                ),
            ),
            rows,
            Row(_("Together"), (Number(found.asked),)),
        ),
        Kind.ROWS if found.asked else None,
        (0,),
        _("Bars: how many people heard from each, the most first."),
    )
