"""Registering for one workshop, surveys, captains and stories: their pages, in the states that look different."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import expect

from lending.models.cohorts import AttendanceMode, WorkshopMode
from lending.models.outcomes import HeardFrom, RegistrationWay
from lending.programs.captains import name_captain
from lending.programs.hearing import Heard
from lending.programs.registrations import cancel_registration, note_came, open_registration, register
from lending.programs.stories import StoryTold, keep_story
from lending.programs.surveys import answer_survey, open_survey
from tests.cast import ADA
from tests.journeys.serving import Served
from tests.journeys.station import Station
from tests.programs.meetings import BEGINS, meeting

Page = tuple[str, str, str, str | None, Callable[[Station], object] | None]

PEOPLE = (
    ("Omid Rahimi", "omid@example.org", RegistrationWay.ONSITE),
    ("Yuki Tanaka", "213 555 0187", RegistrationWay.EITHER),
    ("María-José Fernández de la Vega y Castellanos", "mj.fernandez@example.org", RegistrationWay.VIRTUAL),
)


def send(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form[method=post] [type=submit]").last.click()
    expect(station.page.locator(".problem")).to_be_visible()


def keep_nothing(station: Station) -> None:
    station.page.locator("main form[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


PAGES: tuple[Page, ...] = (
    ("registering.index", "full", "/workshops/open", None, None),
    ("registering.page", "empty", "/workshops/open/{next_workshop}", None, None),
    ("registering.page", "error", "/workshops/open/{next_workshop}", None, send),
    ("registering.page", "full up", "/workshops/open/{full_workshop}", None, None),
    ("registering.registered", "to come", "/workshops/registered/{registration}", None, None),
    ("registering.registered", "cancelled", "/workshops/registered/{cancelled}", None, None),
    ("registering.cancel", "full", "/workshops/registered/{registration}/cancel", None, None),
    ("answering.page", "empty", "/s/{survey}", None, None),
    ("answering.page", "error", "/s/{survey}", None, send),
    ("answering.page", "closed", "/s/{early_survey}", None, None),
    ("answering.thanks", "full", "/s/thanks", None, None),
    ("registrations.show", "full", "/workshops/{next_workshop}/registrations", "eli", None),
    ("registrations.show", "empty", "/workshops/{empty_workshop}/registrations", "eli", None),
    ("registrations.show", "without names", "/workshops/{next_workshop}/registrations", "cleo", None),
    ("registrations.person", "error", "/workshops/{next_workshop}/registrations/new", "eli", send),
    ("registrations.opening", "full", "/workshops/{next_workshop}/registrations/open", "eli", None),
    ("registrations.new", "error", "/workshops/new", "eli", send),
    ("surveys.index", "full", "/outcomes/surveys", "eli", None),
    ("surveys.index", "too few", "/outcomes/surveys?period=2025-12", "eli", None),
    ("surveys.sheet", "full", "/surveys/{survey}/sheet", "eli", None),
    ("hearing.index", "full", "/outcomes/heard", "eli", None),
    ("hearing.index", "empty", "/outcomes/heard?period=2025-12", "eli", None),
    ("hearing.person", "error", "/seats/{seat}/heard", "eli", send),
    ("captains.page", "full", "/sessions/WR-7/captains", "eli", None),
    ("captains.page", "error", "/sessions/WR-8/captains", "eli", send),
    ("stories.index", "full", "/outcomes/stories", "eli", None),
    ("stories.index", "empty", "/outcomes/stories", "cleo", None),
    ("stories.new", "error", "/outcomes/stories/new", "eli", keep_nothing),
    ("stories.on_paper", "full", "/outcomes/stories/print?use=web", "eli", None),
    ("stories.withdraw", "full", "/outcomes/stories/{story}/withdraw", "eli", None),
    ("stories.consent", "full", "/outcomes/stories/consent", "eli", None),
)


def tell(library: Served) -> dict[str, str]:
    """Three register for next week's workshop, one of them no more; seven answer last week's survey; two stories."""
    cast = library.cast
    coming = meeting(library.database, cast, n=7, begins=BEGINS + timedelta(days=7))
    full = meeting(library.database, cast, WorkshopMode.ONSITE, n=8, begins=BEGINS + timedelta(days=8))
    made = []
    for name, contact, way in PEOPLE:
        made.append(_sign_up(library, coming, name, contact, way))
    library.act(cancel_registration, registration=made[1], by=cast.ben)
    _sign_up(library, full, *PEOPLE[0])
    library.act(open_registration, workshop=full, is_open=True, places=1, by=cast.dora)
    today = meeting(library.database, cast, WorkshopMode.ONSITE, n=9, begins=BEGINS - timedelta(hours=2))
    here = _sign_up(library, today, *PEOPLE[0])
    library.act(note_came, registration=here, mode=AttendanceMode.ONSITE)
    survey = library.act(open_survey, workshop=today)
    for n in range(7):
        given = {"learned": 5 - n % 3, "confident": 4, "intends": None if n == 1 else 5, "aware": 2 + n % 4}
        words = {"helped": "The examples from real job offers.", "better": "More time for questions."} if n > 4 else {}
        library.act(answer_survey, survey=survey, mark=f"tap {n}", given=given | words, by=cast.nobody)
    for given in ({"patron": ADA}, {"name": "Noor Aziz"}):
        library.act(name_captain, cohort="WR-7", by=cast.dora, **given)
    for name in ("Noor, East Los Angeles", ""):
        told = StoryTold(
            text="I had sent forty applications without an answer. In the sixth week I found work.",
            named_as=name,
            for_web=True,
            for_funder=bool(name),
            consented_on=date(2026, 3, 2),
            cohort="WR-7",
        )
        story = library.act(keep_story, program="work-ready", branch_id=cast.ela, told=told)
    return {
        "next_workshop": coming,
        "full_workshop": full,
        "registration": made[0],
        "cancelled": made[1],
        "story": story,
        "survey": survey,
        "early_survey": library.act(open_survey, workshop=coming),
    }


def _sign_up(library: Served, workshop: str, name: str, contact: str, way: RegistrationWay) -> str:
    kind = "email" if "@" in contact else "phone"
    done = library.act(
        register,
        workshop=workshop,
        details={"name": name, kind: contact},
        way=way,
        heard=Heard(HeardFrom.FRIEND, "WR-7"),
    )
    return str(done.registration)
