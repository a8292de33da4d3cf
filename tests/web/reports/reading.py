"""How tests read the managers' pages: the figures and the tables, by the words that people read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

_FIGURE = re.compile(
    r'<li class="figure[^>]*>\s*<span class="figure__number[^>]*>(?P<number>.*?)</span>\s*'
    r'<span class="figure__name">(?P<name>[^<]*)',
    re.DOTALL,
)
_ONLY_PRINT = re.compile(r'<span class="only-print">.*?</span>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def text(answer: Any) -> str:
    """The page."""
    return str(answer.get_data(as_text=True))


def words(markup: str) -> str:
    """What stands on the screen."""
    return " ".join(unescape(_TAG.sub(" ", _ONLY_PRINT.sub("", markup))).split())


def figures(page: str) -> dict[str, str]:
    """The figures by their names, as they stand on the screen."""
    return {unescape(one["name"]).strip(): words(one["number"]) for one in _FIGURE.finditer(page)}


def figure_urls(page: str) -> dict[str, str]:
    """Where each figure leads, by its name."""
    found = {}
    for one in _FIGURE.finditer(page):
        link = re.search(r'href="([^"]+)"', one["number"])
        if link is not None:
            found[unescape(one["name"]).strip()] = unescape(link[1])
    return found


def rows(page: str) -> list[list[str]]:
    """The lines of every table of the page, without the heads."""
    return [
        [words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)]
        for body in re.findall(r"<t(?:body|foot)>(.*?)</t(?:body|foot)>", page, re.DOTALL)
        for line in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    ]


def table(page: str, caption: str) -> dict[str, list[str]]:
    """The lines of the table with a caption, by their labels."""
    _, found, rest = page.partition(f"<caption>{caption}</caption>")
    assert found, f"no table {caption}"
    return {line[0]: line[1:] for line in rows(rest.partition("</table>")[0])}


def headings(page: str) -> list[str]:
    """The findings."""
    return [words(found) for found in re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)]
