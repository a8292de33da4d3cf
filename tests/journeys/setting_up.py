"""What an administrator does on the pages that set a library up, for the table of pages."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from lending.circulation.imports.columns import PATRONS
from lending.circulation.imports.matching import guess
from lending.circulation.imports.runs import begin_reading, give_file, note_progress
from lending.circulation.imports.sheets import read_sheet
from lending.web.importing import read_file
from tests.cast import KIT, OTHER_KIT
from tests.journeys.serving import Served
from tests.journeys.station import Station


def press(station: Station) -> None:
    """Send the page's own form."""
    station.page.locator("main form[method=post] [type=submit]").first.click()


def press_and_see(station: Station) -> None:
    """Send the page's own form as it stands, and see what is wrong with it."""
    press(station)
    expect(station.page.locator(".problem")).to_be_visible()


def without_a_name(station: Station) -> None:
    """A new thing that is called nothing."""
    station.page.locator("#name").fill("")
    press(station)
    expect(station.page.locator(".problem")).to_be_visible()


def close_on_fridays(station: Station) -> None:
    """Hours that move dates of kits that are out."""
    station.page.locator("#week").fill("Mon-Thu 10-8, Fri closed, Sat 10-5, Sun closed")
    press(station)
    expect(station.page.locator("input[name=seen]")).to_have_count(1)


def one_more_part(station: Station) -> None:
    """A part that the kits there are do not hold."""
    station.page.locator("#part_5_name").fill("Mouse")
    press(station)
    expect(station.page.locator("input[name=seen]")).to_have_count(1)


def stand_still(station: Station) -> None:
    """Keep a page that looks again by itself from doing so while it is looked at."""
    station.page.evaluate("window.stop()")
    expect(station.page.locator("progress")).to_be_visible()
    station.page.locator("#main").focus()  # nobody acted: the page came by itself


def give_files(library: Served) -> dict[str, str]:
    """A file in which something is wrong, one that was checked, one that was imported, one that is being read."""
    by, at, opened = library.cast.eli, library.clock.now(), library.app.extensions["lending"]

    def given(*rows: str) -> str:
        content = "\n".join(("card,full name,dob,library,colour", *rows)).encode()
        columns = read_sheet(content).columns
        match = guess(columns, PATRONS)
        file = {"kind": "patrons", "file_name": "patrons.csv", "content": content, "columns": columns, "match": match}
        return str(library.act(give_file, **file, by=by))

    def read(run: str, *, keep: bool) -> str:
        library.act(begin_reading, run=run, by=by)
        read_file(opened, run, keep=keep, rows=1, at=at, by=by)
        return run

    good = "29999000001040,Noor Haddad,1990-02-28,ELA,red", "29999000001057,Ivo Lind,1981-01-01,ELA,blue"
    reading = given(*good)
    library.act(begin_reading, run=reading, by=by)
    library.database.act(lambda session: note_progress(session, run=reading, done=1, total=2))
    return {
        "wrong_import": read(given("29999000001041,=1+1,soon,NONE,red"), keep=False),
        "checked_import": read(given(good[0]), keep=False),
        "import": read(given(good[1]), keep=True),
        "reading_import": reading,
    }


PAGES: tuple[tuple[Any, ...], ...] = (
    ("demonstration.page", "none", "/administration/demonstration", {}),
    ("holidays.page", "full", "/closures/holidays", {}),
    ("imports.index", "full", "/administration/imports", {}),
    ("imports.new", "error", "/administration/imports/new", {"do": press}),
    ("imports.show", "wrong", "/administration/imports/{wrong_import}", {}),
    ("imports.show", "checked", "/administration/imports/{checked_import}", {}),
    ("imports.show", "imported", "/administration/imports/{import}", {}),
    ("imports.show", "reading", "/administration/imports/{reading_import}", {"do": stand_still}),
    ("kit_types.index", "full", "/administration/kit-types", {}),
    ("kit_types.new", "error", "/administration/kit-types/new", {"do": without_a_name}),
    ("kit_types.show", "full", "/administration/kit-types/work-ready", {}),
    ("kit_types.edit", "full", "/administration/kit-types/work-ready/edit", {}),
    ("kit_types.edit", "preview", "/administration/kit-types/work-ready/edit", {"do": one_more_part}),
    ("kit_types.photo", "full", "/administration/kit-types/work-ready/photo?part=Laptop", {}),
    ("new_kits.many", "empty", "/kits/many", {}),
    ("new_kits.many", "error", "/kits/many", {"do": press_and_see}),
    ("new_kits.labels", "full", f"/kits/labels?codes={KIT}+{OTHER_KIT}", {}),
    ("new_kits.sheet", "error", "/kits/labels.pdf?codes=KIT-999999&sheet=5160", {"status": 422}),
    ("setup.page", "over", "/setup", {"who": None, "status": 404}),
    ("setup_steps.branch", "full", "/setup/branch", {}),
    ("setup_steps.kit_type", "error", "/setup/kit-type", {"do": without_a_name}),
    ("setup_steps.kits", "full", "/setup/kits", {}),
    ("setup_steps.labels", "full", f"/setup/labels?codes={KIT}+{OTHER_KIT}", {}),
    ("setup_steps.lending", "full", "/setup/lending", {}),
    ("setup_steps.patron", "error", "/setup/patron", {"do": press_and_see}),
    ("setup_steps.ready", "full", "/setup/ready", {}),
    ("branches.index", "full", "/administration/branches", {}),
    ("branches.new", "error", "/administration/branches/new", {"do": without_a_name}),
    ("branches.show", "full", "/administration/branches/ELA", {}),
    ("branches.edit", "full", "/administration/branches/ELA/edit", {}),
    ("branches.edit", "preview", "/administration/branches/ELA/edit", {"do": close_on_fridays}),
)
"""The pages that set a library up: endpoint, state, address, and how they are looked at."""
