"""Names in any script, in whatever fonts the machine has; no font is committed and none is required.

The rule, from best to last:

1. Text of Western European letters is set in Helvetica, which every PDF reader brings along.
2. Other text takes, character by character, the first of the machine's fonts (``FONT_FILES``, looked for under
   ``FONT_FOLDERS``; the last one comes with python-barcode) that has the character. Used glyphs are embedded.
3. A letter that no font has loses its marks (ş becomes s); what then is still not in Helvetica becomes "?".

Right-to-left text is put in reading order. Letters are not joined or stacked: Arabic prints as separate letters.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from lending.labels.layout import LINE_HEIGHT, Box

if TYPE_CHECKING:
    from fpdf import FPDF

HELVETICA = "helvetica"
ELLIPSIS = "..."
LONGEST_TEXT = 200
"""No label shows more characters than this; what is longer is cut before it is measured."""
MEASURED_PT = 100
FONT_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansEthiopic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansKhmer-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "msgothic.ttc",
    "DejaVuSansMono.ttf",
)
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
_TYPEWRITER = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "…": "...", "•": "·"}
)

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


@cache
def installed_fonts() -> tuple[Path, ...]:
    """The font files of this machine that labels can use, in the order they are asked for a character."""
    found: dict[str, Path] = {}
    package = find_spec("barcode")
    bundled = [Path(place) for place in package.submodule_search_locations or ()] if package else []
    for folder in (*FONT_FOLDERS, *bundled):
        for place, _, names in os.walk(folder.expanduser()):
            for name in names:
                if name in FONT_FILES:
                    found.setdefault(name, Path(place, name))
    return tuple(found[name] for name in FONT_FILES if name in found)


def printable(text: str) -> str:
    """``text`` on one line: composed, typewriter quotes and dashes, no control or formatting characters."""
    kept = []
    for character in unicodedata.normalize("NFC", text[:LONGEST_TEXT].translate(_TYPEWRITER)):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category not in ("Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return " ".join("".join(kept).split())


class Pen:
    """Writes short lines of any text into boxes of one PDF; a line that is too long ends in an ellipsis.

    ``fonts`` are font files, first choice first. None are read before a character asks for one.
    """

    def __init__(self, pdf: FPDF, fonts: Sequence[Path] | None = None) -> None:
        self._pdf = pdf
        self._fonts = fonts
        self._waiting: list[Path] | None = None
        self._coverage: dict[str, frozenset[int]] = {}
        self._faces: dict[str, str | None] = {}
        self._advances: dict[tuple[str, str, str], float] = {}

    def write(self, text: str, box: Box, size_pt: float, *, bold: bool = False) -> None:
        """Write ``text`` on one line inside ``box`` (millimetres on the page), from its left edge."""
        style = "B" if bold else ""
        x = box.x
        baseline = box.y + box.height / LINE_HEIGHT * 0.85
        for face, run in self._runs(in_reading_order(self._shortened(text, box.width, size_pt, style))):
            self._pdf.set_font(face, style if face == HELVETICA else "", size_pt)
            self._pdf.text(x, baseline, run)
            x += self._width(run, face, size_pt, style)

    def _shortened(self, text: str, width_mm: float, size_pt: float, style: str) -> str:
        clean = self._with_glyphs(printable(text))
        if len(text) > LONGEST_TEXT:
            clean += ELLIPSIS
        while clean not in ("", ELLIPSIS) and self._line_width(clean, size_pt, style) > width_mm:
            clean = clean.removesuffix(ELLIPSIS)[:-1].rstrip() + ELLIPSIS
        return clean

    def _line_width(self, text: str, size_pt: float, style: str) -> float:
        return sum(self._width(run, face, size_pt, style) for face, run in self._runs(text))

    def _width(self, run: str, face: str, size_pt: float, style: str) -> float:
        """The width of ``run`` in millimetres, added up from its characters, each of which is measured once."""
        for character in run:
            if (face, style, character) not in self._advances:
                self._pdf.set_font(face, style if face == HELVETICA else "", MEASURED_PT)
                self._advances[face, style, character] = self._pdf.get_string_width(character) / MEASURED_PT
        return sum(self._advances[face, style, character] for character in run) * size_pt

    def _with_glyphs(self, text: str) -> str:
        """``text`` with every character that no font has replaced by the rule of this module."""
        return "".join(character if self._face(character) else _plain(character) for character in text)

    def _runs(self, text: str) -> list[tuple[str, str]]:
        """``text`` cut where the font changes. Helvetica alone if it can, so that most labels embed no font."""
        if all(map(_in_helvetica, text)):
            return [(HELVETICA, text)] if text else []
        return [
            (face, "".join(run)) for face, run in groupby(text, lambda character: self._face(character) or HELVETICA)
        ]

    def _face(self, character: str) -> str | None:
        if character not in self._faces:
            self._faces[character] = HELVETICA if _in_helvetica(character) else self._embedded(character)
        return self._faces[character]

    def _embedded(self, character: str) -> str | None:
        for face, coverage in self._coverage.items():
            if ord(character) in coverage:
                return face
        if self._waiting is None:
            self._waiting = list(installed_fonts() if self._fonts is None else self._fonts)
        while self._waiting:
            newest = self._open(self._waiting.pop(0))
            if newest and ord(character) in self._coverage[newest]:
                return newest
        return None

    def _open(self, path: Path) -> str | None:
        """Embed the font file and name its face; None for a damaged or vanished one: labels must still come out."""
        from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]  # fontTools ships no types

        try:
            with path.open("rb") as file:  # tried first: fpdf2 leaves a damaged file open
                TTFont(file, fontNumber=0, lazy=True)
        except (OSError, TTLibError):
            return None
        face = f"face{len(self._coverage)}"
        self._pdf.add_font(face, fname=path)
        self._coverage[face] = frozenset(getattr(self._pdf.fonts[face], "cmap", ()))
        return face


def _in_helvetica(character: str) -> bool:
    """The standard fonts of a PDF hold Latin-1."""
    return " " <= character <= "~" or "\xa1" <= character <= "\xff"


def _plain(character: str) -> str:
    letters = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return letters if letters and all(map(_in_helvetica, letters)) else "?"


def in_reading_order(text: str) -> str:
    """``text`` as it is drawn from left to right, with the brackets inside Hebrew or Arabic turned round."""
    if not any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return text
    from fpdf.bidi import BidiParagraph

    return "".join(
        placed.character.translate(_MIRRORED) if placed.embedding_level % 2 else placed.character
        for placed in BidiParagraph(text).get_reordered_characters()
    )
