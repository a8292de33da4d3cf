"""Notices about a kit that somebody asked for: reserved, waiting, ready, not collected. Source: RULES 4 and 6."""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.message import Message
from lending.phrases import N_
from lending.queries.notices import Subject

_BRING_CARD = N_("Bring your library card. Tell us the code {pickup_code}; it stands on the bag instead of your name.")
_CHANGED = N_("Don't need it any more? Call us, and the next person gets it.")
_ON_SHELF = frozenset({"pickup_code", "ready_until"})


def _about_kit(
    title: str, subject: str, paragraphs: tuple[str, ...], text: str, more: frozenset[str] = frozenset()
) -> Message:
    return Message(title, Subject.RESERVATION, subject, paragraphs, text, more)


RESERVATIONS: Mapping[str, Message] = {
    "reserved": _about_kit(
        N_("Reserved"),
        N_("Your kit is reserved"),
        (
            N_("A kit ({kit_type}) is reserved for you at {branch}."),
            N_("We are making it ready. Please wait for our next message before you come."),
            _CHANGED,
        ),
        N_("{library}: a kit is reserved for you. We will tell you when it is ready. {phone}"),
    ),
    "waiting": _about_kit(
        N_("Waiting for a kit"),
        N_("You are waiting for a kit"),
        (
            N_("All kits ({kit_type}) are out just now. You are number {place} in the queue at {branch}."),
            "{likely}",
            N_("We will tell you when one is kept for you. You need not do anything."),
            _CHANGED,
        ),
        N_("{library}: you are number {place} in the queue for a kit. We will tell you when it is your turn. {phone}"),
        frozenset({"place", "likely"}),
    ),
    "promised": _about_kit(
        N_("A kit is kept"),
        N_("A kit is kept for you"),
        (
            N_("Good news: it is your turn. A kit ({kit_type}) is kept for you at {branch}."),
            N_("We are making it ready. Please wait for our next message before you come."),
            _CHANGED,
        ),
        N_("{library}: it is your turn, a kit is kept for you. We will tell you when it is ready. {phone}"),
    ),
    "ready": _about_kit(
        N_("Ready to pick up"),
        N_("Your kit is ready to pick up"),
        (
            N_("Your kit ({kit_type}) is ready at {branch}. Please pick it up by {ready_until}."),
            _BRING_CARD,
            _CHANGED,
        ),
        N_("{library}: your kit is ready. Code {pickup_code}. Please pick it up by {ready_day}. {phone}"),
        _ON_SHELF | {"ready_day"},
    ),
    "shelf_expired": _about_kit(
        N_("Not picked up"),
        N_("Your kit was not picked up"),
        (
            N_("Your kit ({kit_type}) waited for you at {branch}. It was not picked up in time."),
            N_("It now goes to the next person. If you have a seat in a session, you keep it."),
            N_("Do you still want a kit? Call us and we put you in the queue again."),
        ),
        N_("{library}: your kit was not picked up in time and goes to the next person. Still want one? {phone}"),
    ),
    "no_more_kits": _about_kit(
        N_("Program lends no more"),
        N_("You are no longer waiting for a kit"),
        (
            N_("The program has ended its loans, so nobody gets a kit from it any more. We are sorry."),
            N_("Call us and we look for another kit with you."),
        ),
        N_("{library}: sorry, the program lends no more kits. Call us about another one. {phone}"),
    ),
    "cohort_moved_reservation": _about_kit(
        N_("Session moved: kit on the hold shelf"),
        N_("More time to pick up your kit"),
        (
            N_("The dates of the session have changed. Your kit now waits at {branch} until {ready_until}."),
            _BRING_CARD,
        ),
        N_("{library}: the session's dates changed. Your kit now waits until {ready_day}. {phone}"),
        _ON_SHELF | {"ready_day"},
    ),
    "closed_reservation": _about_kit(
        N_("Library closed: kit on the hold shelf"),
        N_("More time to pick up your kit"),
        (
            N_("We are closed on some days, so you have more time. Your kit waits at {branch} until {ready_until}."),
            _BRING_CARD,
        ),
        N_("{library}: we are closed some days. Your kit now waits until {ready_day}. {phone}"),
        _ON_SHELF | {"ready_day"},
    ),
}
"""By step; where a step also speaks of other things, by step and subject."""
