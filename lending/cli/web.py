"""``lending web``: the pages and the API, served by gunicorn's threads."""

from __future__ import annotations

import errno
import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lending.cli.context import library
from lending.cli.database import ensure_up_to_date
from lending.cli.saying import WRONG_SETTING, Said

if TYPE_CHECKING:
    from lending.library import Library
    from lending.settings import Settings

GRACEFUL_SECONDS = 20
"""How long requests under way may take to end when the server is asked to stop."""


def binding(command: Any) -> Any:
    """The options of where and how widely to listen, the same for ``web`` and ``up``."""
    for option in (
        click.option("--threads", type=int, help="Threads in each process."),
        click.option("--workers", type=int, help="Processes; more than one on PostgreSQL alone."),
        click.option("--bind", metavar="HOST:PORT", help="Where to listen, instead of the setting."),
    ):
        command = option(command)
    return command


@click.command()
@binding
def web(bind: str | None, workers: int | None, threads: int | None) -> None:
    """Serve the pages and the API."""
    with _making_no_garbage(), library(bind=bind, web_workers=workers, web_threads=threads) as opened:
        ensure_free(opened.settings.bind)
        ensure_up_to_date(opened)
        tell_how_to_begin(opened)
    serve(opened.settings)


@contextmanager
def _making_no_garbage() -> Iterator[None]:
    """While a program is loaded nothing that is made is garbage: to look for some was a fifth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def tell_how_to_begin(opened: Library) -> None:
    """Say where a library in which nobody works yet is set up, and with which code from another machine."""
    from lending.queries.setting_up import anybody_works_here

    with opened.db.read() as session:
        if anybody_works_here(session):
            return
    from lending.web.first_run import asks_everybody, code_of  # which brings the pages along

    where = f"http://{opened.settings.bind}/setup"
    whence = "" if asks_everybody(opened.settings) else "; from another machine"
    click.echo(f"This library is empty. Set it up at {where}{whence} with the code {code_of(opened.settings)}")


def ensure_free(bind: str) -> None:
    """Refuse, as a wrong setting, an address at which nobody can listen: gunicorn would try it for five seconds.

    A server that took its socket over, from systemd or from the one it replaces, listens there already.
    """
    if not os.environ.keys().isdisjoint(("LISTEN_FDS", "GUNICORN_FD")):
        return
    host, _, port = bind.rpartition(":")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host.strip("[]"), int(port)))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} of {host} is taken: another program, or another lending, listens there"
        else:
            why = f"Nobody can listen at {bind}: {error.strerror}"
        raise Said(f"{why}. Give another address with LENDING_BIND or --bind.", WRONG_SETTING) from None


def serve(chosen: Settings) -> None:
    """Serve until asked to stop. The application is loaded before the workers are made, so that they share memory."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        def load_config(self) -> None:
            for name, value in options(chosen).items():
                self.cfg.set(name, value)
            self.cfg.set("post_worker_init", lambda _worker: self.watch())

        def watch(self) -> None:
            # In each process: a thread does not come along when a process is made from another.
            from lending.jobs.alarm import watch

            watch(self.opened)

        def load(self) -> Any:
            with _making_no_garbage():
                from lending.app import create_app
                from lending.cli.serving import in_turn, with_whole_bodies

                app = create_app(chosen)
                self.opened: Library = app.extensions["lending"]
                application = with_whole_bodies(app)
                if self.opened.db.is_sqlite:
                    application = in_turn(application)
                gc.freeze()  # what is loaded is never looked through again, and stays in memory that workers share
            return application

    Server().run()


def options(chosen: Settings) -> dict[str, Any]:
    """Gunicorn's settings that follow from ours."""
    return {
        "bind": chosen.bind,
        "worker_class": "lending.cli.serving.Worker",
        "logger_class": "lending.cli.serving.Log",
        "workers": chosen.web_workers,
        "threads": chosen.web_threads,
        "preload_app": True,
        # Its control socket would lie in the user's home and be one more way in.
        "control_socket_disable": True,
        "graceful_timeout": GRACEFUL_SECONDS,
        "timeout": 60,
        # Longer than a browser's pause between two scans, so that the second finds the line open.
        "keepalive": 65,
        "proc_name": "lending web",
        # The reverse proxies are counted by our own setting, which looks at exactly as many addresses.
        "forwarded_allow_ips": "*" if chosen.proxy_hops else "127.0.0.1",
        # Else a header SCRIPT_NAME makes /a/metrics of an address into /metrics, past whatever a proxy keeps back.
        "forwarder_headers": "",
        "accesslog": None,
        "errorlog": "-",
        "loglevel": chosen.log_level.lower(),
    }
