"""The library as a command uses it: opened when needed, closed when done, acting as the system through this door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lending.domain.actors import Actor
    from lending.library import Library


@contextmanager
def library(**given: object) -> Iterator[Library]:
    """The library of the settings; ``given`` are those that options of the command name, ``None`` where they do not."""
    from lending import settings
    from lending.library import open_library

    chosen = settings.load(given={name: value for name, value in given.items() if value is not None})
    opened = open_library(chosen)
    try:
        yield opened
    finally:
        opened.db.close()


def operator() -> Actor:
    """Whoever may start a command on the server: the system, through the command line, as one new act."""
    from lending.domain.actors import Actor, Door
    from lending.domain.permissions import Role
    from lending.models.base import new_public_id

    return Actor(role=Role.SYSTEM, door=Door.CLI, act=new_public_id())
