"""Last week's figures to managers, leads and administrators: once for each week and person, whatever repeats.

The job looks once a day; on Monday morning it finds a new week that is over, and after a Monday without a server it
makes up for it on the next day. Source: SCREENS, "Monday e-mail"; RULES 6 (a notice is sent once).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lending import logs

if TYPE_CHECKING:
    from lending.domain.actors import Actor
    from lending.domain.periods import Period
    from lending.library import Library
    from lending.queries.weekly_mail import WeeklyReader
    from lending.reporting.voice import Voice


def send_weekly(opened: Library, at: datetime, *, by: Callable[[], Actor]) -> int:
    """Send the week that is over to everybody who has not had it; how many were sent. Without a mail server, none."""
    from lending.domain.periods import week_of
    from lending.queries.weekly_mail import weekly_readers

    if opened.settings.smtp_url is None:
        return 0
    week = week_of(at.astimezone(ZoneInfo(opened.settings.zone)).date()).before()
    with opened.db.read() as session:
        readers = weekly_readers(session)
    return sum(_send(opened, reader, week, at=at, by=by) for reader in readers)


def _send(opened: Library, reader: WeeklyReader, week: Period, *, at: datetime, by: Callable[[], Actor]) -> bool:
    from lending.circulation.weekly_mail import give_week_back, take_week
    from lending.mail.carriers import Away, NotEver, NotNow

    if not opened.db.act(lambda session: take_week(session, reader.staff, week, at=at, by=by())):
        return False
    try:
        _mail(opened, reader, week, at=at)
    except (Away, NotNow) as error:
        logs.error("weekly mail not sent", problem=error.problem)
        opened.db.act(lambda session: give_week_back(session, reader.staff, week, by=by()))
        return False
    except NotEver as error:
        logs.error("weekly mail refused", problem=error.problem)
        return False
    return True


def _mail(opened: Library, reader: WeeklyReader, week: Period, *, at: datetime) -> None:
    from lending.mail.messages import Letterhead, email
    from lending.mail.smtp import SmtpMailer
    from lending.models.base import new_public_id
    from lending.reporting.weekly import html_of, text_of, weekly_report

    voice, library = _voice(opened, reader), opened.own_settings()
    with opened.db.read() as session:
        report = weekly_report(session, reader.branch_ids, reader.program_ids, week, voice=voice, at=at)
    message = email(
        public_id=new_public_id(),
        to=reader.email,
        subject=f"{library.name}: {report.title}",
        text=text_of(report, voice, library),
        html=html_of(report, voice, library),
        language=voice.reader.locale,
        sender=Letterhead(library.name, opened.settings.mail_from),
        at=at,
    )
    mailer = SmtpMailer(opened.settings.smtp_url or "")
    try:
        mailer.send(message)
    finally:
        mailer.close()


def _voice(opened: Library, reader: WeeklyReader) -> Voice:
    from lending.notice_words.rendered import catalogue_of, language_for, reader_of
    from lending.reporting.voice import Voice

    language = language_for(reader.language, opened.settings.default_locale)
    return Voice(reader_of(language, opened.settings.zone), catalogue_of(language).ngettext)
