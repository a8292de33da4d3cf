"""The library's own two colours, and whether text can be told apart from them.

The main colour is the ground of the bar and of buttons, and the colour of links; the accent marks things on the bar.
A colour on which text could not be read is refused, with the nearest one that works. All others follow from the two.
Source: WCAG 2.2, 1.4.3 and 1.4.11 (relative luminance and contrast ratio); SCREENS, "Accessibility".
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MAIN: Final = "#0a5a68"
ACCENT: Final = "#ffc24b"
"""The colours of a library that chose none: deep teal and one warm accent."""

PAPER: Final = "#f6f4ef"
INK: Final = "#1b2430"
WHITE: Final = "#ffffff"

TEXT: Final = 4.5
"""The least contrast of text and its ground."""

MARK: Final = 3.0
"""The least contrast of a mark that is no text, such as the ring around what has the focus."""


@dataclass(frozen=True, slots=True)
class Palette:
    """What pages are drawn with: ``deep`` is the bar, ``tint`` a pale ground, ``on_deep`` text on the bar."""

    main: str
    accent: str
    deep: str
    tint: str
    on_deep: str


@dataclass(frozen=True, slots=True)
class TooClose:
    """Why a colour does not do: the contrast it would have, the least that is needed, and the nearest that does."""

    figure: float
    least: float
    nearest: str


def read_colour(text: str) -> str:
    """A colour as six digits, ``#0a5a68``; short forms and capitals are read too. ``ValueError`` for anything else."""
    found = re.fullmatch(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text.strip())
    if found is None:
        raise ValueError("a colour is written #0a5a68")
    digits = found.group(1).lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """How well two colours are told apart, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(main: str = MAIN, accent: str = ACCENT) -> Palette:
    """All the colours that follow from a library's two."""
    deep = _with_lightness(main, _lightness(main) * 0.74)
    return Palette(main, accent, deep, tint=_mixed(main, WHITE, 0.89), on_deep=_mixed(main, WHITE, 0.91))


def main_too_close(main: str) -> TooClose | None:
    """Why a main colour does not do, if it does not: text on it is white, and links of it stand on pale grounds."""

    def figure(colour: str) -> float:
        drawn = palette(colour)
        grounds = (WHITE, PAPER, drawn.tint)
        return min(*(contrast(colour, ground) for ground in grounds), contrast(drawn.deep, drawn.on_deep))

    return _too_close(main, figure, TEXT, darker=True)


def accent_too_close(accent: str, main: str) -> TooClose | None:
    """Why an accent does not do on the bar of a main colour, if it does not: dark text stands on it too."""
    on_bar = palette(main).deep
    return _too_close(accent, lambda colour: contrast(colour, INK), TEXT, darker=False) or _too_close(
        accent, lambda colour: contrast(colour, on_bar), MARK, darker=False
    )


def _too_close(colour: str, figure: Callable[[str], float], least: float, *, darker: bool) -> TooClose | None:
    found = figure(colour)
    if found >= least:
        return None
    # Of the same hue, as little darker or lighter as does: black and white always do.
    works, fails = (0.0 if darker else 1.0), _lightness(colour)
    for _ in range(12):
        middle = (works + fails) / 2
        if figure(_with_lightness(colour, middle)) >= least:
            works = middle
        else:
            fails = middle
    return TooClose(found, least, _with_lightness(colour, works))


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = map(linear, channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lightness(colour: str) -> float:
    return colorsys.rgb_to_hls(*(channel / 255 for channel in channels(colour)))[1]


def _with_lightness(colour: str, lightness: float) -> str:
    hue, _, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in channels(colour)))
    return _written(share * 255 for share in colorsys.hls_to_rgb(hue, lightness, saturation))


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(channels(colour), channels(other), strict=True)
    return _written(one * (1 - share) + two * share for one, two in pairs)


def _written(shares: Iterable[float]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(share))):02x}" for share in shares)
