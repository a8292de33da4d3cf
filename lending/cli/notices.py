"""``lending notices``: what a mail server hands to a command, because it can speak no other way."""

from __future__ import annotations

import sys

import click

from lending.cli.context import library, operator
from lending.cli.saying import BAD_INPUT, Said


@click.group()
def notices() -> None:
    """Note what became of notices that have left."""


@notices.command()
def bounced() -> None:
    """Read one report of a message that could not be delivered (RFC 3464) from standard input.

    In the mail server, pipe what comes to the address in MAIL_FROM into this command. What is no such report is left
    alone, and so is a report of a delay.
    """
    from lending.circulation.notices import bounced as note
    from lending.mail.bounces import read_bounce
    from lending.mail.messages import notice_of

    found = read_bounce(sys.stdin.buffer.read())
    if found is None:
        raise Said("That is no report of a message that could not be delivered.", BAD_INPUT)
    notice = notice_of(found.message_id)
    if notice is None or not found.permanent:
        click.echo("Nothing to note.")
        return
    with library() as opened:
        at, by, wrong = opened.clock.now(), operator(), found.address_is_wrong
        noted = opened.db.act(lambda session: note(session, notice, address_is_wrong=wrong, at=at, by=by))
    click.echo(f"Noted: notice {notice} came back." if noted else "Nothing to note.")
