"""``lending staff``: accounts, passwords and API tokens, made and ended by whoever keeps the server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import click

from lending.cli.context import library, operator
from lending.cli.saying import BAD_INPUT, UNKNOWN, Said

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROLES = ("desk", "counsellor", "program", "manager", "admin")
_PASSWORD = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@click.group()
def staff() -> None:
    """Add and close accounts, make tokens, set passwords."""


@staff.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--branch", "branches", multiple=True, metavar="CODE", help="A branch to act for; may be given again.")
@click.option("--program", "programs", multiple=True, metavar="CODE", help="A programme to lead; may be given again.")
@click.option("--full-name", help="The person's name; without it the sign-in name.")
@click.option("--email")
@_PASSWORD
def add(
    name: str,
    role: str,
    branches: tuple[str, ...],
    programs: tuple[str, ...],
    full_name: str | None,
    email: str | None,
    password_stdin: bool,
) -> None:
    """Add an account that signs in as NAME. Without a branch it acts for none; an admin acts for all."""
    from lending.circulation.staff import add_staff
    from lending.domain.permissions import Role
    from lending.models.branches import Branch
    from lending.models.cohorts import Program
    from lending.passwords import hash_password

    given = _password(password_stdin)
    kept = None if given is None else hash_password(given)
    with library() as opened:
        with opened.db.read() as session:
            branch_ids = _ids(session, Branch, branches, "branch")
            program_ids = _ids(session, Program, programs, "programme")
        at, by = opened.clock.now(), operator()
        made = opened.db.act(
            lambda session: add_staff(
                session,
                username=name,
                name=full_name or name,
                role=Role(role),
                email=email,
                password_hash=kept,
                branch_ids=branch_ids,
                program_ids=program_ids,
                at=at,
                by=by,
            )
        )
    without = "" if kept else f" It has no password yet: lending staff password {made.username}"
    click.echo(f"{made.username} added.{without}", err=True)


@staff.command()
@click.argument("name")
@click.option("--for", "purpose", default="command line", show_default=True, help="What the token is for.")
def token(name: str, purpose: str) -> None:
    """Make an API token for the account NAME and print it, this once, and nothing else."""
    from lending.circulation.staff import make_token

    with library() as opened:
        account, at, by = _account(opened.db.read, name), opened.clock.now(), operator()
        made = opened.db.act(lambda session: make_token(session, staff=account, name=purpose, at=at, by=by))
    click.echo(made)


@staff.command()
@click.argument("name")
@_PASSWORD
def password(name: str, password_stdin: bool) -> None:
    """Set the password of the account NAME; whoever is signed in with it is signed out."""
    from lending.circulation.staff import set_password
    from lending.passwords import hash_password

    with library() as opened:
        account = _account(opened.db.read, name)
        given = _password(password_stdin)
        if given is None:
            raise Said("Say the password: on a terminal, or on standard input with --password-stdin.", BAD_INPUT)
        kept, at, by = hash_password(given), opened.clock.now(), operator()
        opened.db.act(lambda session: set_password(session, staff=account, password_hash=kept, at=at, by=by))
    click.echo(f"The password of {name} is set.", err=True)


@staff.command("no-second-factor")
@click.argument("name")
def no_second_factor(name: str) -> None:
    """Take the second factor of the account NAME away, whose owner lost the telephone and the codes on paper."""
    from lending.circulation.second_factors import remove_second_factor

    with library() as opened:
        account, at, by = _account(opened.db.read, name), opened.clock.now(), operator()
        opened.db.act(lambda session: remove_second_factor(session, staff=account, at=at, by=by))
    click.echo(f"{name} signs in without a second factor.", err=True)


@staff.command()
@click.argument("name")
def deactivate(name: str) -> None:
    """Close the account NAME: it signs in no more, its sessions end, and its tokens are revoked."""
    from lending.circulation.staff import deactivate as close

    with library() as opened:
        account, at, by = _account(opened.db.read, name), opened.clock.now(), operator()
        opened.db.act(lambda session: close(session, staff=account, at=at, by=by))
    click.echo(f"{name} is closed.", err=True)


def _password(from_input: bool) -> str | None:
    """The password: a line of standard input, or asked for where somebody sits there; else none."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return None
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _account(read: Callable[[], AbstractContextManager[Session]], name: str) -> str:
    """The public id of the account that signs in as ``name``."""
    from lending.queries.staff import sign_in_of

    with read() as session:
        found = sign_in_of(session, name.strip().lower())
    if found is None:
        raise Said(f"Nobody signs in as {name}.", UNKNOWN)
    return found.public_id


def _ids(session: Session, kind: Any, codes: tuple[str, ...], called: str) -> list[int]:
    """The ids behind codes; each must be known."""
    from sqlalchemy import select

    known = {code.lower(): row_id for row_id, code in session.execute(select(kind.id, kind.code))}
    unknown = [code for code in codes if code.lower() not in known]
    if unknown:
        raise Said(f"There is no {called} {', '.join(unknown)}.", UNKNOWN)
    return [known[code.lower()] for code in codes]
