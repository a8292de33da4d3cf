"""The colours of the pages, read from their style sheets: every pair that is used can be told apart.

Source: WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for what surrounds a control or shows the focus. LOOK.
"""

from __future__ import annotations

import re

import pytest

from lending import paths

SHEETS = {sheet.name: sheet.read_text("utf-8") for sheet in sorted((paths.STATIC / "css").glob("*.css"))}
TEXT, CONTROL = 4.5, 3.0
PAIRS = (
    *(("ink", ground, TEXT) for ground in ("paper", "card", "teal-tint", "good-tint", "look-tint", "stop-tint")),
    *(("muted", ground, TEXT) for ground in ("paper", "card")),
    *(("teal", ground, TEXT) for ground in ("paper", "card", "teal-tint")),
    *((state, ground, TEXT) for state in ("good", "look", "stop") for ground in ("card", f"{state}-tint")),
    *((f"{state}-ink", f"{state}-tint", TEXT) for state in ("good", "look", "stop")),
    *(("card", ground, TEXT) for ground in ("teal", "teal-deep")),
    ("on-teal", "teal-deep", TEXT),
    *(("edge", ground, CONTROL) for ground in ("paper", "card")),
    *(("ring", ground, CONTROL) for ground in ("paper", "card", "teal-tint", "good-tint", "look-tint", "stop-tint")),
    ("warm", "teal-deep", CONTROL),
)
"""Words and the grounds they stand on; edges and focus rings and what lies beside them."""

DECLARED = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{3,6});(?:\s*/\* ([^*]*) \*/)?", re.IGNORECASE)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COLOUR = re.compile(
    r"(?<![\w-])(color|background(?:-color)?):\s*(var\(--([\w-]+)\)|#[0-9a-f]{3,6})\s*(?:!important)?;", re.IGNORECASE
)


def palette() -> dict[str, str]:
    """The library's own colours, by name."""
    root = SHEETS["lending.css"].partition(":root {")[2].partition("}")[0]
    return {name: colour for name, colour, _said in DECLARED.findall(root)} | {"white": "#ffffff"}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same colour) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def too_close(sheet: str) -> list[str]:
    """The rules of a style sheet whose own words cannot be told from their own ground."""
    found, known = [], palette()
    for selector, body in RULE.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
        given = {kind.partition("-")[0]: known.get(name, value) for kind, value, name in COLOUR.findall(body)}
        if len(given) == 2 and all(colour.startswith("#") for colour in given.values()):
            figure = contrast(given["color"], given["background"])
            if figure < TEXT:
                found.append(f"{selector.strip()}: {figure:.2f}")
    return found


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize(("one", "ground", "least"), PAIRS)
def test_a_pair_of_the_palette_can_be_told_apart(one: str, ground: str, least: float) -> None:
    known = palette()
    assert contrast(known[one], known[ground]) >= least


def test_the_figures_that_the_style_sheet_names_are_true() -> None:
    known, checked = palette(), 0
    root = SHEETS["lending.css"].partition(":root {")[2].partition("}")[0]
    for name, colour, said in DECLARED.findall(root):
        for figure, ground in re.findall(r"([\d.]+) on (paper|white|teal-deep|its tint)", said):
            on = known[f"{name.removesuffix('-ink')}-tint"] if ground == "its tint" else known[ground]
            assert contrast(colour, on) == pytest.approx(float(figure), abs=0.06), f"--{name} on {ground}"
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize("name", SHEETS)
def test_a_rule_that_sets_words_and_ground_keeps_them_apart(name: str) -> None:
    assert too_close(SHEETS[name]) == []


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (".pale { color: #999; background: #fff; }", [".pale: 2.85"]),
        (".teal { background-color: var(--teal); color: var(--ink); }", [".teal: 1.99"]),
        (".plain { color: var(--ink); background: var(--paper); }", []),
        (".words { color: #999; }", []),
    ],
)
def test_a_rule_that_does_not_is_found(rule: str, found: list[str]) -> None:
    assert too_close(rule) == found
