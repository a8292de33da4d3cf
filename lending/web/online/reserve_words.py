"""What the pages of a reservation say of sessions, kits and libraries: what is left, and what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from lending.domain.eligibility import Question
from lending.errors import Block, Reason
from lending.queries.offering import Offered, Place
from lending.web import current
from lending.web.online.choosing import place_name


def offered_words(one: Offered, against: Sequence[str], chosen: str | None) -> dict[str, Any]:
    """A session or a kind of kit as one of the choices."""
    return {
        "value": one.choice,
        "name": one.name,
        "dates": dates_of(one),
        "left": [_seats(one), _kits(one)] if one.cohort is not None else [_kits(one)],
        "languages": current.reader().languages(one.languages) if one.languages else "",
        "against": list(dict.fromkeys(against)),
        "is_chosen": one.choice == chosen and not against,
    }


def dates_of(one: Offered) -> str:
    """From when to when; of a kit without a session, that there is none."""
    if one.starts_on is None or one.ends_on is None:
        return str(_("Without a session: borrow it for some weeks."))
    reader = current.reader()
    return str(_("%(first)s to %(last)s", first=reader.day(one.starts_on), last=reader.day_and_year(one.ends_on)))


def _seats(one: Offered) -> str:
    if one.seats_left:
        return str(ngettext("%(num)s seat left", "%(num)s seats left", one.seats_left))
    if not one.waiting:
        return str(_("All seats are taken. You would be first on the waiting list."))
    return str(
        ngettext(
            "All seats are taken. %(num)s person is on the waiting list.",
            "All seats are taken. %(num)s people are on the waiting list.",
            one.waiting,
        )
    )


def _kits(one: Offered) -> str:
    if one.kits_left:
        return str(ngettext("%(num)s kit left", "%(num)s kits left", one.kits_left))
    if not one.kits_waiting:
        return str(_("No kit is left just now. You would be first in line."))
    return str(
        ngettext(
            "No kit is left just now. %(num)s person waits for one.",
            "No kit is left just now. %(num)s people wait for one.",
            one.kits_waiting,
        )
    )


def place_words(place: Place, chosen: str | None, *, with_kit_type: bool) -> dict[str, Any]:
    """A library as one of the choices; its kind of kit is named only where there are several."""
    if place.left:
        left = ngettext("%(num)s kit left here", "%(num)s kits left here", place.left)
    elif place.waiting:
        left = ngettext("%(num)s person waits here", "%(num)s people wait here", place.waiting)
    else:
        left = _("None left here. You would be first in line.")
    return {
        "value": place_name(place),
        "name": place.library,
        "kit_type": place.kit_type_name if with_kit_type else "",
        "address": place.address,
        "left": left,
        "has_some": place.left > 0,
        "is_chosen": place_name(place) == chosen,
    }


def question_words(question: Question) -> str:
    """What an answer means that does not let somebody in."""
    rule = "question" if question.answer else "question_no"
    detail: dict[str, object] = {"rule": rule, "question": question.text}
    if question.texts:
        detail["texts"] = dict(question.texts)
    return current.sentence_for_patron(Block(Reason.NOT_ELIGIBLE, detail))
