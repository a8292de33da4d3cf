"""Every page there is, in every state that looks different: the table that the accessibility tests walk through.

A route that answers GET is named here or in ``no_pages``; a test compares both with the application's own addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from playwright.sync_api import expect

from lending.circulation.charges import pay_charge
from lending.circulation.checkout import check_out
from lending.circulation.closures import ClosurePlan, enter_closure
from lending.circulation.inspection import PartSeen, all_here, inspect
from lending.circulation.kits import withdraw
from lending.circulation.lost import claim_returned
from lending.circulation.overdue import Stretch, climb
from lending.circulation.patrons import block
from lending.circulation.returns import return_kit
from lending.circulation.transfers import send
from lending.domain.completeness import Found
from lending.domain.ladders import DEFAULT
from lending.models.charges import Charge
from lending.models.cohorts import Enrolment, Workshop
from lending.models.kits import Part
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from lending.programs.cohorts import plan_cohort
from lending.programs.pools import PoolPlan
from lending.programs.timetable import WeeklyWorkshops
from lending.web import languages
from tests.cast import ADA, KIT, LUIS, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT
from tests.journeys import administering, outcomes, own_pages, privacy, reporting, reserving, rules, setting_up, telling
from tests.journeys.crowd import lend_long_ago, lend_to_everybody, shelve
from tests.journeys.gatherings import gather
from tests.journeys.serving import Served
from tests.journeys.station import Station

Do = Callable[[Station], object]


@dataclass(frozen=True)
class Row:
    """One page in one state; ``path`` may name the library's people and things in braces, ``who`` looks at it.

    Programs are written in English, and so is what describes the API; every other page is in every language.
    """

    endpoint: str
    state: str
    path: str
    who: str | None = "eli"
    do: Do | None = None
    status: int = 200
    on_paper: bool = False
    languages: Sequence[str] = languages.codes()

    def __str__(self) -> str:
        return f"{self.endpoint}-{self.state}"


def send_form(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


def send_without_a_title(station: Station) -> None:
    station.page.locator("#title").fill("")
    send_form(station)


def send_without_a_text(station: Station) -> None:
    station.page.locator("#body").fill("")
    send_form(station)


def stop(station: Station) -> None:
    """Scan a kit for somebody who may not have it, and open the override."""
    station.scan(LUIS).scan(OTHER_KIT).counts(not_done=1, waiting=0).press("Alt+O")


def lend(station: Station) -> None:
    """Show a patron, set a date by hand, open everything that folds."""
    station.scan(ADA).quiet()
    station.page.locator(".scan__more summary").click()
    station.page.locator("#date").fill("2026-03-20")
    station.press("Alt+/")


def drop_without_a_reason(station: Station) -> None:
    station.page.locator("#how-1").check()
    send_form(station)


def read_twice(station: Station) -> None:
    station.scan("HELLO").scan("KIT-3001").scan("KIT-3001").quiet()


def wrong_count(station: Station) -> None:
    station.page.locator("#devices").fill("-1")
    station.page.get_by_role("main").locator("form[action$=counts] [type=submit]").click()
    expect(station.page.locator(".problem")).to_be_visible()


def wrong_password(station: Station) -> None:
    station.page.locator("#username").fill("ben")
    station.page.locator("#password").fill("wrong")
    send_form(station)


def move_a_week(station: Station) -> None:
    """See what it would change if a session began a week later."""
    station.page.locator("#ends_on").fill("2026-04-17")
    look(station)


def look_at_the_end(station: Station) -> None:
    """See what would end if a session were cancelled."""
    station.page.locator("#reason").fill("The room was flooded.")
    look(station)


def new_secret(station: Station) -> None:
    station.page.locator("form[action$='/secret'] [type=submit]").click()
    expect(station.page.locator("dd.code")).to_have_count(2)


def look(station: Station) -> None:
    station.page.locator("main form[method=post] [type=submit]").first.click()
    expect(station.page.locator("input[name=seen]")).to_have_count(1)


ERRORS = (400, 403, 404, 409, 413, 429, 500, 503)

ROWS = (
    Row("account.sign_in", "empty", "/sign-in", who=None),
    Row("account.sign_in", "refused", "/sign-in", who=None, do=wrong_password),
    Row("account.station", "full", "/station"),
    Row("start.page", "of staff", "/"),
    Row("accessibility.statement", "full", "/accessibility", who=None),
    Row("start.page", "of everybody", "/", who=None),
    Row("signing_in.sign_in", "empty", "/my/sign-in", who=None),
    *(Row(*where, who=who, do=do) for *where, who, do in (*own_pages.PAGES, *reserving.PAGES, *telling.PAGES)),
    Row("desk.desk", "empty", "/desk", who="cleo"),
    Row("desk.desk", "full", "/desk"),
    Row("desk.desk", "lending", "/desk", do=lend),
    Row("desk.desk", "stopped", "/desk", do=stop),
    Row("desk.desk", "print", "/desk", on_paper=True),
    Row("desk.returns", "empty", "/returns", who="cleo"),
    Row("desk.returns", "stopped", "/returns", do=read_twice),
    Row("desk.search", "empty", "/search"),
    Row("desk.search", "full", "/search?q=KIT"),
    Row("desk.search", "people", "/search?q=morales"),
    Row("desk.search", "short", "/search?q=a"),
    Row("desk.search", "nothing", "/search?q=zzzzzz"),
    Row("inspection.cart", "empty", "/inspection", who="cleo"),
    Row("inspection.cart", "full", "/inspection"),
    Row("inspection.sheet", "full", "/inspection/KIT-3002"),
    Row("inspection.sheet", "incomplete", "/inspection/KIT-3003"),
    Row(
        "inspection.sheet",
        "error",
        "/inspection/KIT-3002",
        do=lambda station: station.page.locator("#inspection [type=submit]").last.click(),
    ),
    Row("jobs.index", "silent", "/administration/jobs", who="eli"),
    Row("texts.index", "full", "/administration/texts", who="eli"),
    Row("texts.index", "refused", "/administration/texts", who="eli", do=send_form),
    Row("help.show", "full", "/help"),
    Row("help.show", "signed out", "/help", who=None),
    Row("kits.index", "full", "/kits"),
    Row("kits.index", "empty", "/kits?state=lost"),
    Row("kits.show", "out", f"/kits/{KIT}"),
    Row("kits.show", "overdue", f"/kits/{OPEN_KIT}"),
    Row("kits.show", "incomplete", "/kits/KIT-3003"),
    Row("kits.show", "withdrawn", f"/kits/{OTHER_OPEN_KIT}"),
    Row("kits.show", "in transit", f"/kits/{THIRD_KIT}"),
    Row("kits.show", "print", f"/kits/{KIT}", on_paper=True),
    Row("kits.new", "empty", "/kits/new"),
    Row("kits.new", "error", "/kits/new", do=send_form),
    Row("kits.edit", "full", f"/kits/{OTHER_KIT}/edit"),
    Row("kits.send", "full", f"/kits/{OTHER_KIT}/send"),
    Row("kits.exchange", "full", f"/kits/{KIT}/exchange"),
    Row("kits.exchange", "error", f"/kits/{KIT}/exchange", do=send_form),
    Row("kits.withdraw", "error", f"/kits/{OTHER_KIT}/withdraw", do=send_form),
    Row("kits.line", "full", f"/kits/{OTHER_KIT}/parts/{{hotspot}}/line"),
    Row("loans.due_date", "full", f"/kits/{KIT}/due-date"),
    Row("loans.due_date", "error", f"/kits/{KIT}/due-date", do=send_form),
    Row("kits.replace", "full", f"/kits/{OTHER_KIT}/parts/{{part}}/replace"),
    Row("patrons.index", "empty", "/patrons"),
    Row("patrons.index", "full", "/patrons?q=mor"),
    Row("patrons.index", "nothing", "/patrons?q=zzzzzz"),
    Row("patrons.show", "full", "/patrons/{ada}"),
    Row("patrons.show", "blocked", "/patrons/{luis}"),
    Row("patrons.show", "owing", "/patrons/{debtor}"),
    Row("patrons.waive", "error", "/patrons/{debtor}/charges/{charge}/waiver", do=send_form),
    Row("patrons.new", "empty", "/patrons/new"),
    Row("patrons.new", "error", "/patrons/new", do=send_form),
    Row("patrons.edit", "full", "/patrons/{ada}/edit"),
    Row("patrons.card", "error", "/patrons/{ada}/card", do=send_form),
    Row("patrons.merge", "error", "/patrons/{ada}/merge", do=send_form),
    Row("patrons.block", "error", "/patrons/{ada}/block", do=send_form),
    Row("reservations.new", "empty", "/reservations/new"),
    Row("reservations.new", "full", "/reservations/new?patron={ada}"),
    Row("reservations.new", "error", "/reservations/new", do=send_form),
    Row("programs.index", "full", "/programs"),
    Row("programs.new", "error", "/programs/new", do=send_form),
    Row("programs.edit", "full", "/programs/work-ready/edit"),
    Row("questions.index", "error", "/programs/work-ready/questions", do=send_form),
    Row("agreements.index", "full", "/agreements"),
    Row("agreements.show", "full", "/agreements/borrowing/en/1"),
    Row("agreements.new", "error", "/agreements/new?code=borrowing&language=en", do=send_without_a_title),
    Row("letters.index", "full", "/notices/letters"),
    Row("letters.index", "print", "/notices/letters", on_paper=True),
    Row("letters.index", "empty", "/notices/letters", who="cleo"),
    Row("notice_log.index", "full", "/administration/notices/log"),
    Row("notice_log.index", "nothing", "/administration/notices/log?state=superseded"),
    Row("notices.index", "full", "/administration/notices", who="eli"),
    Row("notices.edit", "letter", "/administration/notices/overdue/email/en", who="eli"),
    Row("notices.edit", "text", "/administration/notices/overdue/text/en", who="eli"),
    Row("notices.edit", "error", "/administration/notices/overdue/text/en", who="eli", do=send_without_a_text),
    Row("sessions.index", "full", "/sessions"),
    Row("sessions.show", "full", "/sessions/WR-7"),
    Row("sessions.show", "coming", "/sessions/WR-8"),
    Row("sessions.new", "empty", "/sessions/new"),
    Row("sessions.new", "error", "/sessions/new", do=send_form),
    Row("sessions.edit", "full", "/sessions/WR-8/edit"),
    Row("sessions.edit", "preview", "/sessions/WR-7/edit", do=move_a_week),
    Row("sessions.copy", "error", "/sessions/WR-7/copy", do=send_form),
    Row("sessions.cancel", "error", "/sessions/WR-7/cancel", do=send_form),
    Row("sessions.cancel", "preview", "/sessions/WR-7/cancel", do=look_at_the_end),
    Row("sessions.workshop", "full", "/sessions/WR-8/workshops/{planned}"),
    Row("sessions.drop", "full", "/sessions/WR-8/workshops/{planned}/drop"),
    Row("closures.index", "full", "/closures"),
    Row("closures.index", "empty", "/closures", who="cleo"),
    Row("closures.new", "empty", "/closures/new"),
    Row("closures.new", "error", "/closures/new", do=send_form),
    Row("roster.today", "full", "/session-desk"),
    Row("roster.today", "lending", "/session-desk", do=lambda station: station.scan(ADA).quiet()),
    Row("roster.desk", "full", "/sessions/WR-7/desk"),
    Row("roster.desk", "empty", "/sessions/WR-7/desk", who="cleo"),
    Row("roster.enrol", "full", "/enrol"),
    Row("roster.enrol", "stopped", "/enrol", do=lambda station: station.scan(ADA).scan("CO-WR-7").quiet()),
    Row("roster.show", "full", "/sessions/WR-7/roster"),
    Row("roster.show", "empty", "/sessions/WR-7/roster", who="cleo"),
    Row("roster.show", "seats", "/sessions/WR-7/roster?who=seats"),
    Row("roster.on_paper", "print", "/sessions/WR-7/roster/print", on_paper=True),
    Row("roster.no_shows", "too soon", "/sessions/WR-7/no-shows", status=409),
    Row("seats.show", "full", "/seats/{seat}"),
    Row("seats.leave", "full", "/seats/{seat}/leave"),
    Row("seats.leave", "error", "/seats/{seat}/leave", do=drop_without_a_reason),
    Row("seats.move", "full", "/seats/{seat}/move"),
    Row("shelf.shelf", "empty", "/shelf", who="cleo"),
    Row("shelf.shelf", "full", "/shelf"),
    Row("shelf.shelf", "ready", "/shelf?tab=ready"),
    Row("shelf.shelf", "to put back", "/shelf?tab=back"),
    Row("shelf.pull_list", "print", "/shelf/pull-list", on_paper=True),
    Row("shelf.slip", "print", "/shelf/slips/{shelved}", on_paper=True),
    Row("slips.receipt", "out", "/slips/loans/{out}"),
    Row("slips.receipt", "print", "/slips/loans/{out}", on_paper=True),
    Row("slips.receipt", "back", "/slips/loans/{back}?paper=letter"),
    Row("slips.inspection", "print", "/slips/kits/KIT-3002/inspection", on_paper=True),
    Row("slips.parts", "full", f"/slips/kits/{KIT}/parts"),
    Row("slips.transfer", "full", f"/slips/kits/{THIRD_KIT}/transfer"),
    Row("forecast.index", "full", "/forecast"),
    Row("forecast.show", "short", "/sessions/WR-7/forecast"),
    Row("stocktakes.index", "full", "/stocktakes"),
    Row("stocktakes.index", "empty", "/stocktakes", who="cleo"),
    Row("stocktakes.index", "error", "/stocktakes", do=send_form),
    Row("stocktakes.show", "open", "/stocktakes/{stocktake}"),
    Row("stocktakes.show", "ended", "/stocktakes/{counted}"),
    Row("tasks.index", "full", "/tasks"),
    Row("tasks.index", "empty", "/tasks", who="cleo"),
    Row("tasks.finish", "error", "/tasks/{repair}/finish", do=send_form),
    Row("calls.show", "full", "/calls"),
    Row("calls.show", "empty", "/calls", who="cleo"),
    Row("lines.index", "full", "/lines"),
    Row("lines.index", "empty", "/lines", who="cleo"),
    Row("ladders.index", "full", "/administration/ladders"),
    Row("ladders.edit", "full", "/administration/ladders/steps?kit_type=work-ready"),
    Row("policies.index", "full", "/administration/rules"),
    Row("policies.edit", "exception", "/administration/rules/edit?kit_type=work-ready"),
    Row("policies.edit", "error", "/administration/rules/edit", do=rules.send_wrong),
    Row("slips.statement", "print", "/slips/patrons/{debtor}/statement", on_paper=True),
    Row("slips.payment", "print", "/slips/patrons/{payer}/charges/{paid}", on_paper=True),
    *(Row(*page) for page in reporting.PAGES),
    Row("transfers.show", "full", "/transfers"),
    Row("transfers.show", "sending", "/transfers?to=COM"),
    Row("webhooks.index", "full", "/administration/webhooks"),
    Row("webhooks.new", "error", "/administration/webhooks/new", do=send_form),
    Row("webhooks.edit", "full", "/administration/webhooks/{webhook}/edit"),
    Row("webhooks.show", "full", "/administration/webhooks/{webhook}"),
    Row("webhooks.show", "stopped", "/administration/webhooks/{stopped_webhook}"),
    Row("webhooks.show", "empty", "/administration/webhooks/{silent_webhook}"),
    Row("webhooks.show", "secret", "/administration/webhooks/{silent_webhook}", do=new_secret),
    Row("workshops.index", "full", "/workshops"),
    Row("workshops.of_session", "full", "/sessions/WR-7/workshops"),
    Row("workshops.show", "full", "/workshops/{workshop}"),
    Row("workshops.show", "empty", "/workshops/{empty_workshop}"),
    Row("workshops.show", "error", "/workshops/{empty_workshop}", do=wrong_count),
    Row("workshops.people", "full", "/workshops/{workshop}/people"),
    Row("workshops.people", "empty", "/workshops/{empty_workshop}/people"),
    Row("workshops.participants", "empty", "/workshops/{workshop}/participants"),
    Row("workshops.participants", "error", "/workshops/{workshop}/participants", do=send_form),
    *(Row(*page) for page in administering.PAGES),
    *(Row(*page, **how) for *page, how in setting_up.PAGES),
    *(Row(*page, **how) for page, how in outcomes.PAGES),
    *(Row(*page) for page in privacy.PAGES),
    Row("api_docs.page", "full", "/api/docs", languages=("en",)),
    *(Row("failing", str(status), f"/failing/{status}", status=status) for status in ERRORS),
    Row("failing", "signed out", "/failing/404", who=None, status=404),
    Row("failing", "of a patron", "/failing/500", who=ADA, status=500),
)


BROKEN = PartSeen(Found.DAMAGED, "Its plug is bent.", charge_cents=2000)


def populate(library: Served) -> dict[str, str]:
    """A library with something of every kind, all made through the verbs; gives what the paths name."""
    cast, now = library.cast, library.clock.now()
    codes = lend_to_everybody(library, 12)
    library.act(check_out, kit=KIT, patron=ADA, branch_id=cast.ela)
    library.act(check_out, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=now - timedelta(days=70))
    for code in codes[:10]:
        library.act(return_kit, kit=code, branch_id=cast.ela)
    for code, seen in ((codes[2], PartSeen(Found.MISSING)), (codes[3], None), (codes[4], BROKEN), (codes[5], BROKEN)):
        library.act(_inspect, kit=code, charger=seen)
    library.act(send, kit=THIRD_KIT, to_branch="COM")
    library.act(withdraw, kit=OTHER_OPEN_KIT, reason="Its case is broken.", by=cast.eli)

    shelved = shelve(library)
    theirs = own_pages.add_what_is_theirs(library)
    planned = plan_the_next(library)

    def people(session: Any) -> dict[str, str]:
        ada, luis = session.get(Patron, cast.ada_id), session.get(Patron, cast.luis_id)
        ada.email, ada.phone, ada.street, ada.city = "ada@example.org", "+12135550142", "12 Elm Street", "Los Angeles"
        part, hotspot = (session.query(Part).filter_by(tag=tag).one() for tag in ("PT-10431", "PT-10432"))
        charge, paid = session.query(Charge).order_by(Charge.id)
        return {
            "ada": ada.public_id,
            "seat": session.query(Enrolment).filter_by(patron_id=cast.ada_id).one().public_id,
            "luis": luis.public_id,
            "debtor": session.get(Patron, charge.patron_id).public_id,
            "charge": charge.public_id,
            "payer": session.get(Patron, paid.patron_id).public_id,
            "paid": paid.public_id,
            "part": str(part.id),
            "hotspot": str(hotspot.id),
        }

    rules.change(library)
    named: dict[str, str] = library.database.act(people)
    library.act(pay_charge, charge=named["paid"])
    library.act(block, patron=named["luis"], reason="Ask for the new address.")
    loans = library.loans()
    out = next(loan for loan in loans if loan.patron_id == cast.ada_id)
    back = next(loan for loan in loans if loan.received_at is not None)
    return {
        **named,
        **gather(library),
        **outcomes.write_down(library),
        **privacy.write_down(library),
        **(administering.set_up(library) | theirs),
        **setting_up.give_files(library),
        "out": out.public_id,
        "back": back.public_id,
        "shelved": shelved,
        "planned": planned,
        "repair": fall_behind(library, codes[10]),
        **reserving.add_newcomer(library),
        **telling.tell(library),
    }


def fall_behind(library: Served, claimed: str) -> str:
    """A kit that is weeks overdue, with what that asks of people, and one that was claimed; gives a repair's task."""
    cast = library.cast
    lend_long_ago(library)
    library.act(climb, stretch=Stretch(cast.ela, cast.laptop_hotspot), ladder=DEFAULT, limit=50, by=cast.system)
    library.act(claim_returned, kit=claimed, branch_id=cast.ela)
    with library.database.read() as session:
        asked = {task.kind: task.public_id for task in session.query(Task).filter(Task.closed_at.is_(None))}
    assert {TaskKind.CALL, TaskKind.SUSPEND_LINE, TaskKind.CLAIM} <= set(asked)
    return str(asked[TaskKind.REPAIR])


def plan_the_next(library: Served) -> str:
    """Work Ready 8 in May, with a workshop on a closed day; gives that workshop."""
    cast, day = library.cast, date(2026, 5, 12)
    closed = ClosurePlan(cast.ela, day, day, "Staff day")
    library.act(enter_closure, plan=closed, by=cast.eli)
    library.act(
        plan_cohort,
        code="WR-8",
        program="work-ready",
        name="Work Ready 8",
        starts_on=date(2026, 5, 4),
        ends_on=date(2026, 6, 12),
        capacity=20,
        pools=[PoolPlan(cast.ela, "work-ready", 1)],
        workshops=WeeklyWorkshops(date(2026, 5, 5), time(18), "America/Los_Angeles"),
        by=cast.eli,
    )
    with library.database.read() as session:
        return str(session.query(Workshop).order_by(Workshop.n.desc()).first().public_id)


def _inspect(session: Any, *, kit: str, charger: PartSeen | None, at: Any, by: Any) -> None:
    seen = all_here(session, kit=kit)
    for part in session.query(Part).filter(Part.id.in_(seen)):
        if charger is not None and part.kind.name == "Charger":
            seen[part.id] = charger
    inspect(session, kit=kit, parts=seen, steps={}, at=at, by=by)
