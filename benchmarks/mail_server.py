"""``python -m benchmarks.mail_server PORT FILE``: a mail server in a process of its own.

It answers while FILE is there, and keeps whoever sends waiting while it is not.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Gate:
    """Takes everything, once the file is there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        while not self._file.exists():
            await asyncio.sleep(0.02)
        return "250 2.0.0 taken"


if __name__ == "__main__":
    Controller(Gate(Path(sys.argv[2])), hostname="127.0.0.1", port=int(sys.argv[1])).start()
    threading.Event().wait()
