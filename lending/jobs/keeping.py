"""What is kept outside the database, so that neither a broken disk nor a busy hand takes it away unseen.

Every night a copy of everything, of which the last ones are kept, and the head of the journal's chain, by which a
journal that was cut off at the end is found. Source: ARCHITECTURE, "Rows" (the journal); BATTERY R10, S10.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lending.paths import HEADS

if TYPE_CHECKING:
    from lending.circulation.seals import Head
    from lending.library import Library


class JournalCutOff(Exception):
    """The head that was kept last stands in the chain no more: the end of the journal was cut off or replaced.

    Said until whoever keeps the server has looked (``lending journal verify --head``) and moved the file away.
    """


def back_up(opened: Library, at: datetime) -> int:
    """Copy the database under the day's name, and delete the oldest copies; how many were made.

    Raises ``RuntimeError`` and ``OSError`` as ``lending.backups`` does.
    """
    kept, folder = opened.settings.backups_kept, opened.settings.backup_folder
    if not kept:
        return 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending = "sqlite3" if opened.db.is_sqlite else "dump"
    today = at.astimezone(ZoneInfo(opened.settings.zone)).date()
    opened.db.backup(folder / f"lending-{today}.{ending}")
    for old in sorted(folder.glob(f"lending-????-??-??.{ending}"))[:-kept]:
        old.unlink()
    return 1


def keep_head(opened: Library, at: datetime) -> int:
    """Seal the journal, see that the head kept last still stands, and keep the new one; 0 when nothing was added.

    Raises ``JournalCutOff``.
    """
    from lending.circulation import seals
    from lending.jobs.staff_mail import mail

    sealed = seals.BATCH
    while sealed == seals.BATCH:
        sealed, head = opened.db.act(lambda session: seals.seal(session, at=at))
    before = _kept_last(opened)
    with opened.db.read() as session:
        if not seals.holds(session, before):
            raise JournalCutOff
    if head == before:
        return 0
    address = opened.settings.journal_head_to
    if address is not None:
        mail(opened, address, f"Journal head {head.number}", [str(head)], at=at)
    line = f"{at.astimezone(UTC).isoformat(timespec='seconds')} {head}\n"
    with (opened.settings.instance / HEADS).open("a", encoding="ascii") as file:
        file.write(line)
    return 1


def _kept_last(opened: Library) -> Head:
    from lending.circulation.seals import EMPTY, Head

    try:
        lines = (opened.settings.instance / HEADS).read_text(encoding="ascii").split("\n")
    except FileNotFoundError:
        return EMPTY
    whole = [line for line in lines if line]
    return Head.parse(whole[-1].rpartition(" ")[2]) if whole else EMPTY
