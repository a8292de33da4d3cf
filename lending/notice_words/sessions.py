"""Notices about a seat in a session and its workshops. Source: RULES 4 and 6."""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.message import Message
from lending.phrases import N_
from lending.queries.notices import Subject

_WHEN = N_("It begins {starts_on} and ends {ends_on}.")
_CANT_COME = N_("If you can't come, please tell us. Somebody else may be waiting for your seat.")
_PLACE = frozenset({"place"})
_THANKS = N_("Thank you for taking part")
_TELL_US = N_("Tell us what helped you and what did not. Your answer makes the next session better.")
_TELL_US_IN_SHORT = N_("{library}: thank you for taking part! Tell us what helped you and what did not. {phone}")


def _about_seat(
    title: str, subject: str, paragraphs: tuple[str, ...], text: str, more: frozenset[str] = frozenset()
) -> Message:
    return Message(title, Subject.ENROLMENT, subject, paragraphs, text, more)


SESSIONS: Mapping[str, Message] = {
    "enrolled": _about_seat(
        N_("Enrolled"),
        N_("You are enrolled"),
        (N_("Welcome! You have a seat in {session}."), _WHEN, _CANT_COME),
        N_("{library}: welcome! You have a seat. It begins {starts_on}. Questions? {phone}"),
    ),
    "enrolled_with_kit": _about_seat(
        N_("Enrolled, with a kit"),
        N_("You are enrolled"),
        (
            N_("Welcome! You have a seat in {session}, and a kit is kept for you at {branch}."),
            _WHEN,
            N_("We will tell you when the kit is ready to pick up. That is on {pickup_from} or later."),
            _CANT_COME,
        ),
        N_("{library}: welcome! You have a seat and a kit. It begins {starts_on}. Questions? {phone}"),
        frozenset({"pickup_from"}),
    ),
    "enrolled_without_kit": _about_seat(
        N_("Enrolled, waiting for a kit"),
        N_("You are enrolled"),
        (
            N_("Welcome! You have a seat in {session}."),
            _WHEN,
            N_("All kits are promised just now. We will tell you when it is your turn for one at {branch}."),
            _CANT_COME,
        ),
        N_("{library}: welcome! You have a seat. We will tell you when it is your turn for a kit. {phone}"),
    ),
    "waitlisted": _about_seat(
        N_("On the waiting list"),
        N_("You are on the waiting list"),
        (
            N_("All seats in {session} are taken. You are number {place} on the waiting list."),
            _WHEN,
            N_("We will tell you when a seat is free. You need not do anything."),
        ),
        N_("{library}: all seats are taken. You are number {place} on the waiting list. {phone}"),
        _PLACE,
    ),
    "seat_offered": _about_seat(
        N_("A seat is offered"),
        N_("A seat is free for you"),
        (
            N_("Good news: a seat in {session} is free for you. Do you want it? Tell us by {offered_until}."),
            N_("Call {phone}, or come to the desk with your library card."),
            N_("If we hear nothing, the seat goes to the next person."),
            _WHEN,
        ),
        N_("{library}: a seat is free for you. Do you want it? Call {phone} by {offered_until}"),
        frozenset({"offered_until"}),
    ),
    "seat_given": _about_seat(
        N_("A seat is given"),
        N_("You have a seat"),
        (N_("Good news: you have a seat in {session}."), _WHEN, _CANT_COME),
        N_("{library}: good news, you have a seat. It begins {starts_on}. Can't come? {phone}"),
    ),
    "offer_lapsed": _about_seat(
        N_("An offer has ended"),
        N_("The seat went to somebody else"),
        (
            N_("We offered you a seat in {session} and did not hear from you. It now goes to the next person."),
            N_("Do you still want to take part? Call us and we put you on the list again."),
        ),
        N_("{library}: the seat we offered goes to the next person. Still want one? {phone}"),
    ),
    "seat_ended": _about_seat(
        N_("A seat has ended"),
        N_("Your seat has ended"),
        (
            N_("You no longer have a seat in {session}. It goes to the next person."),
            N_("Was that a mistake, or do you still want to take part? Call us."),
        ),
        N_("{library}: you no longer have a seat in your session. A mistake? Call us: {phone}"),
    ),
    "cohort_moved_enrolment": _about_seat(
        N_("Session moved: seat"),
        N_("Your session has new dates"),
        (N_("The dates of {session} have changed."), _WHEN, _CANT_COME),
        N_("{library}: your session has new dates. It begins {starts_on} and ends {ends_on}. {phone}"),
    ),
    "cohort_cancelled_enrolment": _about_seat(
        N_("Session canceled: seat"),
        N_("Your session was canceled"),
        (
            N_("We are sorry: {session} will not take place."),
            N_("Call us and we look for another session with you."),
        ),
        N_("{library}: sorry, your session was canceled. Call us about another one. {phone}"),
    ),
    "workshop_moved": _about_seat(
        N_("Workshop moved"),
        N_("Your workshop has a new time"),
        (N_("The workshop “{workshop}” of {session} is now on {workshop_moment}."), _CANT_COME),
        N_("{library}: your workshop has a new time: {workshop_moment}. {phone}"),
        frozenset({"workshop", "workshop_moment"}),
    ),
    "workshop_dropped": _about_seat(
        N_("Workshop not held"),
        N_("A workshop will not be held"),
        (
            N_(
                "The workshop “{workshop}” of {session} on {workshop_moment} will not be held. Please do not come then."
            ),
            N_("Your seat and your kit stay as they are."),
        ),
        N_("{library}: your workshop of {workshop_moment} will not be held. You keep your seat. {phone}"),
        frozenset({"workshop", "workshop_moment"}),
    ),
    "workshop_tomorrow": Message(
        N_("Workshop tomorrow"),
        Subject.WORKSHOP,
        N_("Your workshop is tomorrow"),
        (
            N_("Tomorrow is your workshop “{workshop}” of {session}. It begins {workshop_moment}."),
            N_("Can't come? You need not do anything, but we will miss you."),
        ),
        N_("{library}: your workshop is tomorrow: {workshop_moment}. {phone}"),
    ),
    "session_over": _about_seat(
        N_("Session over: was waiting"),
        N_("The waiting list has closed"),
        (
            N_("The session {session} is over, and we had no seat for you. We are sorry."),
            N_("Call us and we look for another session with you."),
        ),
        N_("{library}: the session is over and we had no seat for you. Call us about the next one. {phone}"),
    ),
    "completed": Message(
        N_("Session over: took part"),
        Subject.ENROLMENT,
        _THANKS,
        (N_("The session {session} is over. Thank you for taking part!"), _TELL_US),
        _TELL_US_IN_SHORT,
        asks=True,
    ),
    "workshop_survey": Message(
        N_("Survey after a workshop"), Subject.SURVEY, _THANKS, (_TELL_US,), _TELL_US_IN_SHORT, asks=True
    ),
}
"""By step; where a step also speaks of other things, by step and subject."""
