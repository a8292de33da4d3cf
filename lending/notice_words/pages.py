"""A notice as HTML, made of the same paragraphs as its plain text. Names and texts are escaped."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lending import paths
from lending.domain.library_settings import LibrarySettings
from lending.notice_words.rendered import Rendered


def text_of(notice: Rendered, library: LibrarySettings) -> str:
    """The plain side of an e-mail; below the words stands how the library is reached."""
    if not library.contact:
        return notice.text
    return f"{notice.text.rstrip()}\n\n{library.name}\n{library.contact}\n"


def html_of(notice: Rendered, library: LibrarySettings) -> str:
    """The HTML side of an e-mail, with its language and its direction, in the library's own colour."""
    return _template().render(
        lang=notice.language.replace("_", "-"),
        direction=Locale.parse(notice.language).text_direction,
        subject=notice.subject,
        paragraphs=[[_ADDRESS.split(line) for line in paragraph.split("\n")] for paragraph in notice.paragraphs],
        library=library.name,
        contact=library.contact,
        colour=library.main_colour,
    )


_ADDRESS = re.compile(r"(https?://\S*[\w/])")
"""A web address without the full stop behind it: a line is split into words and addresses by turns."""


@cache
def _template() -> Template:
    loader = FileSystemLoader(paths.TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("mail/notice.html")
