"""``lending up``: every door there is, together on one machine.

It brings the tables up to date, in the demonstration profile makes the demonstration at the first start, starts each
door as a process of its own, and ends all of them when it is asked to stop or when one of them ends by itself.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from lending.cli.context import library
from lending.cli.database import set_up
from lending.cli.saying import FAILED, Said
from lending.cli.web import GRACEFUL_SECONDS, binding, ensure_free

if TYPE_CHECKING:
    from lending.library import Library

READY_SECONDS = 30
"""How long a door may take until it listens."""
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@click.command()
@binding
def up(bind: str | None, workers: int | None, threads: int | None) -> None:
    """Start everything on this machine; Ctrl+C or SIGTERM ends it.

    In the demonstration profile the first start makes up a library to try.
    """
    with library(bind=bind, web_workers=workers, web_threads=threads) as opened:
        ensure_free(opened.settings.bind)
        to_try = make_ready(opened)
        where, lines = opened.settings.bind, [*sign_ins(opened), *to_try]
    options = {"--bind": bind, "--workers": workers, "--threads": threads}
    given = [str(word) for name, value in options.items() if value is not None for word in (name, value)]
    raise SystemExit(run([Door("web", ["web", *given], where), Door("jobs", ["jobs"])], lines))


def make_ready(opened: Library) -> list[str]:
    """Bring the tables up to date and, where it is wanted and nobody works here yet, make the demonstration.

    Gives lines that say what to scan in a demonstration just made.
    """
    from lending.cli.demo import has_staff, hint_lines, make
    from lending.settings import Profile

    if opened.settings.profile is Profile.DEMONSTRATION and not has_staff(opened):
        return hint_lines(make(opened))
    set_up(opened)
    return []


def sign_ins(opened: Library) -> list[str]:
    """Lines that tell who may sign in to a demonstration; none for a real library."""
    from lending.settings import Profile

    if opened.settings.profile is not Profile.DEMONSTRATION:
        return []
    from lending.cli.demo import sign_in_lines

    return sign_in_lines()


class Door:
    """One door as a process of its own, and the address at which it listens, if it does."""

    def __init__(self, name: str, command: list[str], address: str | None = None) -> None:
        self.name, self.command, self.address = name, command, address
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, in a session of its own: Ctrl+C reaches this one alone, which ends the doors in order."""
        command = [sys.executable, "-m", "lending.cli", *self.command]
        self.process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program and words

    def exit_code(self) -> int | None:
        """The code the process ended with; ``None`` while it runs."""
        return None if self.process is None else self.process.poll()

    def is_open(self) -> bool:
        """Whether it answers at its address; one without an address is open while it runs."""
        if self.address is None:
            return self.exit_code() is None
        host, _, port = self.address.rpartition(":")
        try:
            with socket.create_connection((_reachable(host), int(port)), timeout=0.5):
                return True
        except OSError:
            return False

    def end(self) -> None:
        """Ask it to finish what is under way and stop, and insist when it takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACEFUL_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(doors: list[Door], lines: list[str]) -> int:
    """Say where the doors are once they are open, and stay until one ends or a signal comes; the exit code."""
    stopped: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        stopped.append(number)

    for number in STOPS:
        signal.signal(number, stop)
    try:
        for door in doors:
            door.start()
        code = _wait_until_open(doors, stopped)
        if code is None and not stopped:
            opened = [f"{door.name}: http://{_reachable_address(door.address)}" for door in doors if door.address]
            for line in opened + lines:
                click.echo(line)
        while code is None and not stopped:
            time.sleep(0.2)
            code = _ended(doors)
    finally:
        for door in doors:
            door.end()
    return code or 0


def _wait_until_open(doors: list[Door], stopped: list[int]) -> int | None:
    """Wait until every door listens; the exit code of one that ended instead."""
    until = time.monotonic() + READY_SECONDS
    while not stopped:
        code = _ended(doors)
        if code is not None or all(door.is_open() for door in doors):
            return code
        if time.monotonic() > until:
            raise Said(f"A door did not open within {READY_SECONDS} seconds.", FAILED)
        time.sleep(0.1)
    return None


def _ended(doors: list[Door]) -> int | None:
    """The exit code of the first door that ended by itself, never 0; ``None`` while all are open."""
    for door in doors:
        code = door.exit_code()
        if code is not None:
            click.echo(f"{door.name} ended by itself ({code}), so everything ends.", err=True)
            return code or FAILED
    return None


def _reachable(host: str) -> str:
    host = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is listened on is the setting's


def _reachable_address(address: str) -> str:
    host, _, port = address.rpartition(":")
    reachable = _reachable(host)
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"
