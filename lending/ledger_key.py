"""The key of the sealed ledger: a file outside the database, for its owner alone, made when it is first needed.

Nobody can make it again: keep a copy of it apart from the copies of the database. Source: RULES 8, "Two clocks" (B).
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32


class LedgerKeyLost(RuntimeError):
    """The key with which names were sealed is not where the settings say. The sentence tells what to do."""


def ledger_key(path: Path, *, may_make: bool) -> bytes:
    """The key in the file ``path``; made there where there is none and ``may_make`` says that nothing is sealed yet.

    Raises ``LedgerKeyLost``, also for a file that holds no key.
    """
    if not path.exists():
        if not may_make:
            raise LedgerKeyLost(
                f"The key of the sealed ledger is not in {path}, and names are sealed with it. Put the file back from "
                "your own safe copy. Without it nobody can ever read those names. To seal the names to come with a "
                "new key: lending ledger new-key"
            )
        make_key(path)
    try:
        key = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise LedgerKeyLost(f"The file {path} holds no key of the sealed ledger. Put it back from your own safe copy.")
    return key


def make_key(path: Path) -> None:
    """Make a key, readable by its owner alone; of processes that do so at once one wins. A key that is there stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii") + "\n")
        file.flush()  # into the file, and then onto the disk: a name sealed with a key that is lost is lost
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key is the key
    finally:
        draft.unlink()
