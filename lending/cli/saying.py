"""What the command line says when something did not go as asked: one sentence, and the exit code that scripts read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

FAILED: Final = 1
BAD_INPUT: Final = 65
UNKNOWN: Final = 66
NO_DATABASE: Final = 69
BUSY: Final = 75
WRONG_SETTING: Final = 78
"""BSD's sysexits, as in ``lending/wording``."""
NO_TABLES: Final = "The database has no tables for this yet. Run: lending db upgrade"


class Said(click.ClickException):
    """The command ends with a sentence on standard error, told to the person in front of it, and ``code``."""

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(sentence)
        self.exit_code = code  # type: ignore[misc]  # click declares it on the class and reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), file=file, err=file is None)


@contextmanager
def saying() -> Iterator[None]:
    """Turn every failure that is expected into its sentence; whatever else is raised is a bug and stays one."""
    from sqlalchemy.exc import DBAPIError

    from lending.clock import ClockError
    from lending.db import CommitUnknown
    from lending.errors import Refused
    from lending.settings import WrongSetting

    try:
        yield
    except Refused as refused:
        raise _of(refused) from None
    except (WrongSetting, ClockError) as wrong:
        raise Said(str(wrong), WRONG_SETTING) from None
    except CommitUnknown:
        raise Said("The database went away while saving. Look whether it was done before trying again.", BUSY) from None
    except DBAPIError as error:
        sentence = _of_database(error)
        if sentence is None:
            raise
        raise Said(sentence, NO_DATABASE) from None


def _of(refused: Any) -> Said:
    from lending.wording import WORDS, say_all

    return Said(say_all(refused.blocks, str), max(WORDS[block.reason].exit_code for block in refused.blocks))


def _of_database(error: Any) -> str | None:
    """The sentence for a database that is not there, or not ready; ``None`` for anything else."""
    told = str(error.orig)
    if getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in told:
        return NO_TABLES
    name = type(error).__name__
    if name == "OperationalError" and (error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None):
        return f"The database cannot be used: {told.strip().splitlines()[0]}"
    return None
