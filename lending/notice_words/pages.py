"""A notice as HTML, made of the same paragraphs as its plain text. Names and texts are escaped."""

from __future__ import annotations

from functools import cache

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lending import paths
from lending.notice_words.rendered import Rendered


def html_of(notice: Rendered, library: str) -> str:
    """The HTML side of an e-mail, with its language and its direction."""
    return _template().render(
        lang=notice.language.replace("_", "-"),
        direction=Locale.parse(notice.language).text_direction,
        subject=notice.subject,
        paragraphs=[paragraph.split("\n") for paragraph in notice.paragraphs],
        library=library,
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(paths.TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("mail/notice.html")
