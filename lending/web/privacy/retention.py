"""The patron-privacy report: what is kept about people, how long, where, and in how many rows now.

Its lines are those of ``domain/retention.py``, so that nothing is kept that it does not name.
Source: RULES 8; issue "Managers see what circulated", Build 4 ("the patron-privacy report").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response
from flask_babel import gettext as _
from flask_babel import ngettext

from lending.circulation.sign_ins import GUESSING_TIME
from lending.domain.ledger import KEPT_YEARS
from lending.domain.permissions import Act
from lending.domain.retention import Rule
from lending.domain.webhooks import KEPT_FOR
from lending.phrases import N_
from lending.queries.retention import what_is_kept
from lending.web import current, known, links
from lending.web.access import allow
from lending.web.privacy.copies import copies, gone_on
from lending.web.privacy.sheets import csv_answer
from lending.web.shifts import PATRONS_PAUSE

bp = Blueprint("retention", __name__, url_prefix="/administration/retention")

WHAT: Final[Mapping[str, str]] = {
    "agreement_acceptances": N_("Who signed which agreement, and the name they typed"),
    "attendances": N_("Who was at which workshop"),
    "captains": N_("Who coached a session"),
    "cards": N_("Library card numbers"),
    "charges": N_("Whose charge it was, and why it ended"),
    "cohorts": N_("Names of captains, as a session's page has them"),
    "enrolments": N_("Who had a seat in which session"),
    "households": N_("Addresses, to know a household"),
    "idempotency_keys": N_("Whose act it was, so that a form that is sent twice does its act once"),
    "import_rows": N_("What records said before an import, to take it back"),
    "import_runs": N_("Files that were imported"),
    "journal": N_("The journal, which names patrons by a made-up name and never beside what they had"),
    "kit_uses": N_("Who used a kit in the library"),
    "ledger_entries": N_("Who had equipment that federal ECF money paid for, sealed"),
    "loan_parts": N_("Notes about the parts of a loan"),
    "loan_terms": N_("Reasons for a due date"),
    "loans": N_("Who borrowed which kit, and who collected it"),
    "notices": N_("Who was told what; the words themselves are not kept"),
    "patrons": N_("Patrons, with address and contact"),
    "period_tokens": N_("Marks that tell households apart for counting"),
    "pin_codes": N_("Codes for a new PIN, as digests"),
    "records_requests": N_("Who asked for records of patrons"),
    "referrals": N_("Who was sent on to another service"),
    "registrations": N_("Who registered for a single workshop"),
    "reservations": N_("Who reserved which kind of kit"),
    "sign_in_limits": N_("Wrong guesses at passwords and PINs, as digests"),
    "stories": N_("Stories that people told, with their consent"),
    "survey_answers": N_("Open answers of surveys, which name nobody unless somebody writes a name"),
    "tasks": N_("Work for staff about a patron, and what was noted of calls"),
}
"""Every table with something personal of patrons, in words."""

PSEUDONYMS: Final = N_("The made-up name by which the journal calls a record")
PATRONS: Final = frozenset(Rule) - {Rule.STAFF}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report. ``rows`` is ``None`` for what is in no table."""

    what: str
    how_long: str
    where: str
    rows: int | None


@bp.get("/report.csv")
@allow(Act.ADMINISTER)
def report() -> Response:
    """The report as a file."""
    heads = (_("What"), _("How long"), _("Where"), _("Rows now"))
    told = ((one.what, one.how_long, one.where, one.rows) for one in lines())
    return csv_answer("patron-privacy.csv", [heads, *told])


def lines() -> Iterator[Line]:
    """Every line of the report: the tables, what is in no table, and the copies."""
    with current.library().db.read() as session:
        kept = what_is_kept(session, PATRONS)
    database = _("the database")
    for one in sorted(kept, key=lambda one: (list(Rule).index(one.rule), one.table)):
        words = PSEUDONYMS if (one.table, one.rule) == ("patrons", Rule.JOURNAL) else WHAT[one.table]
        yield Line(_(words), how_long(one.rule, one.table), database, one.rows)
    yield Line(_("Loans without a name, for statistics"), _("for good"), database, None)
    yield from (Line(what, long, where, None) for what, long, where in _elsewhere())


def how_long(rule: Rule, table: str = "") -> str:
    """A rule in words."""
    days = current.library().own_settings().cut_after_days
    if table == "sign_in_limits":
        return _minutes(int(GUESSING_TIME.total_seconds() // 60))
    words: dict[Rule, str] = {
        Rule.CUT: _("%(days)s after it is over, unless the patron keeps their history", days=_days(days)),
        Rule.ERASED: _("until the record is erased"),
        Rule.EVENT: _("%(days)s after the workshop or the session", days=_days(days)),
        Rule.CONSENT: _("until the consent is taken back"),
        Rule.YEAR: _("a year after the workshop or the session"),
        Rule.TWO_YEARS: _("two years after the answer"),
        Rule.MONTH: _days(30),
        Rule.DAY: _days(1),
        Rule.PERIOD: _("until the period is over; then nobody can read them"),
        Rule.LEDGER: _("%(years)s years, as federal law asks", years=KEPT_YEARS),
        Rule.JOURNAL: _("for good"),
        Rule.STAFF: _("as long as the account"),
    }
    return words[rule]


def copies_shown() -> list[dict[str, str]]:
    """The copies of the database, which hold names that are gone here, and when each is gone."""
    reader, library = current.reader(), current.library()
    return [
        {
            "name": one.name,
            "made": reader.day_and_year(one.made_on),
            "gone": reader.day_and_year(gone_on(library, one.made_on)),
        }
        for one in copies(library)
    ]


def _elsewhere() -> Iterator[tuple[str, str, str]]:
    settings, browser = current.library().settings, _("the browser")
    yield _("Messages to other programs, which name nobody"), _days(KEPT_FOR.days), _("the database")
    yield _("That staff are signed in"), _hours(settings.session_hours), browser
    pause = _minutes(PATRONS_PAUSE // 60)
    yield _("That a patron is signed in"), _("%(minutes)s without a click", minutes=pause), browser
    yield _("That somebody signed in here before"), _days(known.LIVES // 86_400), browser
    yield _("A link for a first password"), _days(links.GOOD_FOR.days), _("nowhere; it is worked out")
    yield _("Copies of the database"), _nights(settings.backups_kept), _("the server's folder for backups")
    yield _("The key of the sealed ledger"), _("for good"), _("a file on the server, apart from the database")
    yield _("The server's log, without names"), _("as the server's keeper decides"), _("the server")


def _days(count: int) -> str:
    return str(ngettext("%(num)s day", "%(num)s days", count))


def _hours(count: int) -> str:
    return str(ngettext("%(num)s hour", "%(num)s hours", count))


def _minutes(count: int) -> str:
    return str(ngettext("%(num)s minute", "%(num)s minutes", count))


def _nights(count: int) -> Any:
    return ngettext("%(num)s night", "%(num)s nights", count) if count else _("none are made by this program")
