"""A kit's history speaks in words, and of another year with the year."""

from __future__ import annotations

import ast
import secrets
from datetime import timedelta
from pathlib import Path

import lending.circulation
from lending.clock import MovingClock
from lending.domain.states import ChargeVerb, LineVerb
from lending.web.histories import VERBS
from tests.cast import KIT, LUIS, OPEN_KIT
from tests.web.browsers import Browser


def verbs_on_kits() -> set[str]:
    """What the verbs of circulation write down of a kit, as it stands in their code."""
    written = {verb.value for verb in LineVerb} | {f"{verb.value}_charge" for verb in ChargeVerb}
    for module in Path(lending.circulation.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_on_kit":
                verb = node.args[1]
                if isinstance(verb, ast.Constant):
                    written.add(str(verb.value))
    return written


def test_every_act_on_a_kit_has_words_of_its_own() -> None:
    assert verbs_on_kits() - set(VERBS) == set()


def test_a_history_tells_when_a_kit_was_due_and_the_year_of_another_year(ben: Browser, clock: MovingClock) -> None:
    ben.scan(OPEN_KIT, patron=LUIS)
    page = ben.get(f"/kits/{OPEN_KIT}").get_data(as_text=True)
    assert "Checked out, due Tue, Apr 14" in page
    assert "Tue, Mar 3, 10:00" in page
    clock.move(timedelta(days=365))
    ben.sign_in("ben")
    assert "Tue, Mar 3, 2026" in ben.get(f"/kits/{OPEN_KIT}").get_data(as_text=True)


def test_a_kit_from_the_book_drop_is_flagged(ben: Browser) -> None:
    ben.scan(OPEN_KIT, patron=LUIS)
    ben.scan(OPEN_KIT, screen="returns", book_drop=True)
    page = ben.get(f"/kits/{OPEN_KIT}").get_data(as_text=True)
    assert "Found in the book drop, to inspection" in page
    assert "Returned, to inspection" not in page


def test_the_wrong_kit_of_an_exchange_is_named(ben: Browser) -> None:
    ben.scan(KIT, patron="29999000000018")
    given = {"key": secrets.token_hex(8), "replacement": "KIT-1043", "reason": "keyboard"}
    assert ben.post(f"/kits/{KIT}/exchange", given).status_code == 303
    page = ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert "put KIT-1042 on the inspection cart." in page
    assert "Faulty, exchanged for another, to inspection" in page
    other = ben.get("/kits/KIT-1043").get_data(as_text=True)
    assert "Given for a faulty kit" in other
    assert "/slips/loans/" in other
