"""What belongs to the request under way: the library, the instant, and who acts with which key."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app, g

from lending.domain.actors import Actor
from lending.library import Library


def library() -> Library:
    """The library this application serves."""
    return cast(Library, current_app.extensions["lending"])


def now() -> datetime:
    """The instant of this request: the clock is read once, however often it is asked."""
    if "at" not in g:
        g.at = library().clock.now()
    return cast(datetime, g.at)


def today() -> date:
    """The day it is where the library is; a branch may be in another zone."""
    return now().astimezone(ZoneInfo(library().settings.zone)).date()


def actor() -> Actor:
    """Who sent the request, beginning a new act; set by ``access.guard``."""
    return cast(Actor, g.api_actor)
