"""What is looked for on a page that is open, besides what axe knows: an empty list is a page in order.

Each look is one question to the browser (``looks.js``) and is seen to find what it looks for in ``test_looks.py``.
Source: SCREENS, "Accessibility"; WCAG 2.2.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

Look = tuple[str, int]

SIDEWAYS: Look = ("sideways", 0)
"""The page scrolls sideways (1.4.10)."""
CUT: Look = ("cut", 0)
"""Words are cut off, or stick out of what they stand in (1.4.4)."""
FOCUS: Look = ("focus", 0)
"""What has the focus shows it by less than 2 px, or by less than 3:1 to what is beside it (2.4.7)."""
PATRONS: Look = ("targets", 44)
STAFF: Look = ("targets", 24)
"""What is pressed is smaller than so many pixels; a link in a sentence may be as high as its line (2.5.8)."""
MOTION: Look = ("motion", 0)
"""Something moves (2.3.3)."""
EDGES: Look = ("edges", 0)
"""A control or a state has no edge of 3:1: nothing else shows its shape where colours are the reader's own (1.4.11)."""

_LOOKS = Path(__file__).with_name("looks.js").read_text("utf-8")
_TEXT_SIZE = "(size) => { document.documentElement.style.fontSize = size; }"


def look(page: Page, *looks: Look) -> list[str]:
    """What is found on the page as it is now."""
    found: list[str] = page.evaluate(_LOOKS, list(looks))
    return found


def look_at_twice_the_text(page: Page, *looks: Look) -> list[str]:
    """What is found when the reader has made the text twice as large (1.4.4)."""
    page.evaluate(_TEXT_SIZE, "200%")
    found = look(page, *looks)
    page.evaluate(_TEXT_SIZE, "")
    return found
