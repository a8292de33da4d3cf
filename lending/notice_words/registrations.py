"""Notices to whoever registered for one workshop, without a card. Source: RULES 6; RULES 7, "Registered"."""

from __future__ import annotations

from collections.abc import Mapping

from lending.models.cohorts import WorkshopMode
from lending.notice_words.message import Message
from lending.phrases import N_, Reader
from lending.queries.notices import Subject

HOW: Mapping[WorkshopMode, str] = {
    WorkshopMode.ONSITE: N_("at the library"),
    WorkshopMode.VIRTUAL: N_("online"),
    WorkshopMode.HYBRID: N_("at the library and online"),
}

_CANT_COME = N_(
    "Can't come? Please cancel before {workshop_moment}, so that somebody else can have your place. {registration_link}"
)


def where_held(mode: WorkshopMode, place: str | None, reader: Reader) -> str:
    """``Compton Library, 240 W Compton Blvd``, or ``online``."""
    how = reader.gettext(HOW[mode])
    if mode is WorkshopMode.VIRTUAL or place is None:
        return how
    return place if mode is WorkshopMode.ONSITE else f"{place} ({how})"


def _about_registration(title: str, subject: str, paragraphs: tuple[str, ...], text: str) -> Message:
    return Message(title, Subject.REGISTRATION, subject, paragraphs, text)


REGISTRATIONS: Mapping[str, Message] = {
    "registered": _about_registration(
        N_("Registered for a workshop"),
        N_("You are registered"),
        (
            N_(
                "You are registered for the workshop “{workshop}”. It begins {workshop_moment}. Where: {where}. "
                "Your reference is {reference}."
            ),
            _CANT_COME,
        ),
        N_("{library}: you are registered for {workshop_moment}. Your reference: {reference}. Can't come? {phone}"),
    ),
    "registered_workshop_moved": _about_registration(
        N_("Workshop moved: registered"),
        N_("Your workshop has a new time"),
        (N_("The workshop “{workshop}” has a new time. It now begins {workshop_moment}. Where: {where}."), _CANT_COME),
        N_("{library}: your workshop has a new time: {workshop_moment}. {phone}"),
    ),
    "registered_workshop_cancelled": _about_registration(
        N_("Workshop not held: registered"),
        N_("A workshop will not be held"),
        (
            N_(
                "We are sorry: the workshop “{workshop}” of {workshop_moment} will not be held. "
                "Please do not come then."
            ),
        ),
        N_("{library}: sorry, your workshop of {workshop_moment} will not be held. {phone}"),
    ),
    "registered_workshop_tomorrow": _about_registration(
        N_("Workshop tomorrow: registered"),
        N_("Your workshop is tomorrow"),
        (N_("Tomorrow is your workshop “{workshop}”. It begins {workshop_moment}. Where: {where}."), _CANT_COME),
        N_("{library}: your workshop is tomorrow: {workshop_moment}. {phone}"),
    ),
}
"""By step."""
