"""Mail to the people who keep the library running, past the outbox: that is for patrons, and what it says may be about
the outbox itself. Never called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from lending import logs

if TYPE_CHECKING:
    from lending.library import Library


def mail(
    opened: Library, to: str, subject: str, paragraphs: Sequence[str], *, at: datetime, language: str = "en"
) -> bool:
    """Send one message now; ``False``, with a line in the log, where the library has no mail server.

    Raises ``Away``, ``NotNow`` or ``NotEver``.
    """
    from lending.mail.messages import Letterhead, email
    from lending.mail.smtp import SmtpMailer
    from lending.models.base import new_public_id

    if opened.settings.smtp_url is None:
        logs.error("no mail server", subject=subject)
        return False
    mailer, library = SmtpMailer(opened.settings.smtp_url), opened.own_settings().name
    try:
        mailer.send(
            email(
                public_id=new_public_id(),
                to=to,
                subject=f"{library}: {subject}",
                text="\n\n".join(paragraphs) + "\n",
                html="".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs),
                language=language,
                sender=Letterhead(library, opened.settings.mail_from),
                at=at,
            )
        )
    finally:
        mailer.close()
    return True
