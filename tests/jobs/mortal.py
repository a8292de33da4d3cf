"""``python -m tests.jobs.mortal FILE``: the jobs process, which kills itself where in its sending a file says.

The points are before and after everything that is written down about one message. Whoever first comes to the one in the
file takes the file away and is gone, as by ``kill -9``: nothing is tidied up.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from lending.circulation import notices
from lending.cli import main
from lending.jobs import sending
from lending.mail.smtp import SmtpMailer

CLAIM, CLAIMED = "in the claim", "claimed"
ANSWERED, MARK, MARKED = "answered", "in the mark", "marked"


class Order:
    """The file that says where to die."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def give(self, point: str) -> None:
        """Tell the next process that comes to a point to die there."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(point, encoding="ascii")
        draft.replace(self.file)

    def withdraw(self) -> bool:
        """Let them live; ``False`` if it is too late."""
        try:
            self.file.unlink()
        except FileNotFoundError:
            return False
        return True

    def obey(self, point: str) -> None:
        """Die, if this is the point."""
        try:
            if self.file.read_text(encoding="ascii") == point:
                self.file.unlink()  # one of several processes succeeds
                os.kill(os.getpid(), signal.SIGKILL)
        except FileNotFoundError:
            return


def mortal(order: Order) -> None:
    """Put the points where they belong."""
    claim, send, mark_sent, sent = notices.claim, SmtpMailer.send, notices.mark_sent, sending._sent

    def claims(session: Session, *arguments: Any, **named: Any) -> notices.Claim | None:
        found = claim(session, *arguments, **named)
        if found is not None:
            session.flush()  # written, and not committed
            order.obey(CLAIM)
        return found

    def sends(*arguments: Any) -> None:
        order.obey(CLAIMED)
        send(*arguments)
        order.obey(ANSWERED)

    def marks(*arguments: Any, **named: Any) -> None:
        mark_sent(*arguments, **named)
        order.obey(MARK)

    def has_sent(*arguments: Any) -> None:
        sent(*arguments)
        order.obey(MARKED)

    notices.claim, notices.mark_sent, sending._sent = claims, marks, has_sent
    SmtpMailer.send = sends  # type: ignore[method-assign]  # that is what it is for


if __name__ == "__main__":
    mortal(Order(Path(sys.argv[1])))
    main(["jobs"])
