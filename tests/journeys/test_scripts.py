"""Sixty scripts in names, notes and codes: every page shows them as they are written, and none of them runs.

Nothing that the pages hold tries to run either, which the policy of the browser would have told (BATTERY S5).
"""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.models.base import Base
from tests.journeys.conftest import Enter
from tests.journeys.pages import ROWS, populate
from tests.journeys.serving import Served
from tests.journeys.station import Station

TAGS = "img src=x onerror|svg onload|body onload|input autofocus onfocus|details open ontoggle|video src=x onerror"
TAGS += "|marquee onstart|audio src=x onerror|select autofocus onfocus|p onmouseover|a href=# onclick|object onerror"
TAGS += "|style onload|iframe onload|math onclick|form onsubmit|button autofocus onfocus|table onmouseenter"
HOLDS = "script|style|textarea|title|template|noscript|iframe|math|svg|xmp|plaintext"
PAYLOADS = (
    *(f"<{tag}=ran()>" for tag in TAGS.split("|")),
    *(f"</{tag}><script>ran()</script>" for tag in HOLDS.split("|")),
    "<script>ran()</script>",
    "<ScRiPt>ran()</sCrIpT>",
    "<script/x>ran()</script/x>",
    "<<script>ran()//<</script>",
    "<script src=data:,ran()></script>",
    "<script src=//127.0.0.1:9/x.js></script>",
    "<link rel=import href=data:,x>",
    "<base href=//127.0.0.1:9/>",
    "<meta http-equiv=refresh content=0;javascript:ran()>",
    "<iframe srcdoc='<script>top.ran()</script>'>",
    "<object data=javascript:ran()>",
    "<embed src=javascript:ran()>",
    "<a href=javascript:ran()>x</a>",
    "<form action=javascript:ran()><input type=submit>",
    '" onfocus=ran() autofocus x="',
    "' onfocus=ran() autofocus x='",
    "` onfocus=ran() autofocus x=`",
    '"><script>ran()</script>',
    "'><script>ran()</script>",
    "--><script>ran()</script>",
    "]]><script>ran()</script>",
    "'-ran()-'",
    '"-ran()-"',
    "\\';ran();//",
    "${ran()}",
    "{{ran()}}",
    "{% print(ran()) %}",
    "{{constructor.constructor('ran()')()}}",
    "&lt;script&gt;ran()&lt;/script&gt;",
    "&#60;script&#62;ran()&#60;/script&#62;",
    "%3Cscript%3Eran()%3C/script%3E",
)
NAMES = {
    "branches": "address phone",
    "closures": "reason",
    "charges": "ended_reason",
    "programs": "name description",
    "cohorts": "name partners captains materials",
    "workshops": "title",
    "enrolments": "ended_reason",
    "kit_types": "name description",
    "kit_type_parts": "name",
    "kits": "place note withdrawn_reason",
    "parts": "manufacturer model network_name",
    "turnaround_steps": "proof",
    "lines": "number carrier plan",
    "loans": "collected_by",
    "loan_terms": "reason",
    "loan_parts": "name manufacturer model serial note",
    "staff": "name",
    "patrons": "name email phone street unit city postal_code blocked_reason note",
    "agreements": "title body",
    "reservations": "ended_reason",
    "stocktakes": "place",
    "tasks": "what outcome",
    "notices": "problem",
    "registrations": "name email phone",
    "captains": "name",
    "stories": "text named_as",
    "survey_answers": "helped better",
    "job_runs": "problem",
}
"""Texts that people write, by table. A branch's own name stays: its station is chosen by it."""
SAY_MORE = frozenset({"withdrawn_reason", "blocked_reason", "ended_reason", "email", "phone", "outcome", "problem"})
"""Texts that say something by being there at all: where there is none, none is written."""
LEGACY = ("KIT-3006", "KIT-3007", "KIT-3008")
"""Kits with codes from before the codes of today, which no page here is named for."""


def test_no_script_in_a_name_a_note_or_a_code_runs(library: Served, enter: Enter) -> None:
    assert len(set(PAYLOADS)) == 60
    named = populate(library)
    library.database.act(poison)
    ran: list[str] = []
    shown: set[str] = set()
    desk = enter("eli", "/help")
    desk.page.context.expose_function("ran", lambda *_: ran.append(desk.page.url))
    desk.page.context.expose_function("violated", lambda what: ran.append(f"{desk.page.url}: {what}"))
    desk.page.context.add_init_script(
        "document.addEventListener('securitypolicyviolation', (e) => violated(e.violatedDirective + ' ' + e.sample))"
    )
    paths = {row.path.format(**named) for row in ROWS if row.who == "eli" and row.do is None and row.status == 200}
    for path in sorted(paths):
        shown |= visible(desk.open(path))
    type_in(desk)
    shown |= visible(desk)
    assert (ran, desk.troubles) == ([], [])
    assert set(PAYLOADS) - shown == set(), "every one of them was looked at"


def poison(session: Session) -> None:
    """Let every text begin with one of the scripts, and go on with more while there is room."""
    turn = count()
    for name, columns in NAMES.items():
        table = Base.metadata.tables[name]
        keys = list(table.primary_key)
        for row in session.execute(select(table)).all():
            values: dict[str, Any] = {
                column: written(table.c[column], next(turn))
                for column in columns.split()
                if getattr(row, column) or column not in SAY_MORE
            }
            if values:
                mine = [key == row._mapping[key] for key in keys]
                session.execute(update(table).where(*mine).values(**values))
    kits = Base.metadata.tables["kits"]
    for place, code in enumerate(LEGACY):
        session.execute(update(kits).where(kits.c.barcode == code).values(barcode=PAYLOADS[place][:32]))


def written(column: Any, turn: int) -> str:
    """The scripts for a text; with a number behind them where no two rows may have the same."""
    longest, apart = column.type.length or 500, f" {turn}" if column.unique else ""
    return as_long_as(longest - len(apart), turn) + apart


def as_long_as(longest: int, first: int) -> str:
    """As many scripts as fit, from the ``first`` on; one that does not fit is cut."""
    text = PAYLOADS[first % 60]
    for more in range(1, 20):
        longer = f"{text} {PAYLOADS[(first + more) % 60]}"
        if len(longer) > longest:
            break
        text = longer
    return text[:longest]


def visible(station: Station) -> set[str]:
    """The scripts that stand on a page as text."""
    typed = "[...document.querySelectorAll('input')].map((one) => one.value)"
    text = station.page.evaluate(f"document.body.textContent + {typed}")
    return {payload for payload in PAYLOADS if payload in text}


def type_in(station: Station) -> None:
    """Type each of them at the desk, and look for some."""
    station.open("/desk")
    box = station.page.locator("input[name=code]")
    for payload in PAYLOADS:
        box.fill(payload)
        box.press("Enter")
    station.quiet()
    for payload in PAYLOADS[::6]:
        box = station.open("/search").page.locator("#q")
        box.fill(payload)
        box.press("Enter")
        station.page.wait_for_load_state("load")
