"""``lending web``: the pages and the API, served by gunicorn's threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
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
    from lending import settings

    given = {"bind": bind, "web_workers": workers, "web_threads": threads}
    serve(settings.load(given={name: value for name, value in given.items() if value is not None}))


def serve(chosen: Settings) -> None:
    """Serve until asked to stop. The application is loaded before the workers are made, so that they share memory."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        def load_config(self) -> None:
            for name, value in options(chosen).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from lending.app import create_app
            from lending.cli.serving import with_whole_bodies

            return with_whole_bodies(create_app(chosen))

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
        "accesslog": None,
        "errorlog": "-",
        "loglevel": chosen.log_level.lower(),
    }
