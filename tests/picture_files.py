"""Pictures as people upload them, made for the tests."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def file_of(size: tuple[int, int] = (60, 40), kind: str = "PNG", mode: str = "RGB", **how: Any) -> bytes:
    """A picture's file, all of one colour."""
    file = io.BytesIO()
    Image.new(mode, size, "teal").save(file, kind, **how)
    return file.getvalue()
