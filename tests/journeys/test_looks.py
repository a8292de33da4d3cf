"""Each look finds what it looks for on a page that is made to have it, and nothing on one that has not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys import looks

STYLE = """<style>
  * { margin: 0; font: 16px sans-serif; }
  :focus { outline: 3px solid #0b3b8c; }
  button { min-width: 60px; min-height: 60px; border: 2px solid #000; }
</style>"""
GOOD = """<main><button>Go on</button>
  <p>Words in a line, and <a href="#">one link</a> in it.</p>
  <span style="position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%)">only for ears</span></main>"""
BAD = (
    (looks.SIDEWAYS, '<p style="width: 3000px">wide</p>', "px too wide"),
    (looks.CUT, '<p style="width: 60px; overflow: hidden; white-space: nowrap">a long sentence</p>', "cut:"),
    (looks.CUT, '<p style="width: 30px">incomprehensible</p>', "cut:"),
    (looks.CUT, '<p style="width: 90px; height: 20px; overflow: hidden">one line and two more lines</p>', "cut:"),
    (looks.FOCUS, '<button style="outline: none">Go</button>', "focus none"),
    (looks.FOCUS, '<button style="outline: 1px solid #000">Go</button>', "focus solid 1px"),
    (looks.FOCUS, '<button style="outline: 3px solid #bbb">Go</button>', "focus solid 3px 1.9"),
    (looks.FOCUS, '<button style="position: absolute; clip-path: inset(50%)">Go</button>', "unseen with the focus"),
    (looks.PATRONS, '<button style="min-height: 40px; height: 40px">Go</button>', "60 x 40"),
    (looks.STAFF, '<a href="#" style="display: block; height: 20px">Go</a>', "x 20"),
    (looks.MOTION, "<style>@keyframes a { to { opacity: 0 } }</style><b style='animation: a 9s'>blinks</b>", "moves:"),
    (looks.MOTION, '<p style="transition: all 1s">glides</p>', "moves:"),
    (looks.EDGES, '<main><button style="border: 0">Go</button></main>', "no edge"),
    (looks.EDGES, '<main><button style="border-color: #ccc">Go</button></main>', "no edge"),
)
ALL = (looks.SIDEWAYS, looks.CUT, looks.FOCUS, looks.PATRONS, looks.MOTION, looks.EDGES)


def test_a_page_in_order_is_found_in_order(page: Page) -> None:
    page.set_content(STYLE + GOOD)
    assert looks.look(page, *ALL) == []
    assert looks.look_at_twice_the_text(page, looks.SIDEWAYS, looks.CUT) == []


def test_every_look_finds_what_it_looks_for(page: Page) -> None:
    for asked, body, found in BAD:
        page.set_content(STYLE + GOOD + body)
        answer = looks.look(page, asked)
        assert len(answer) == 1, body
        assert found in answer[0], body


@pytest.mark.parametrize("asked", [looks.SIDEWAYS, looks.CUT])
def test_what_only_larger_text_breaks_is_found(page: Page, asked: looks.Look) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.set_content('<p style="width: 100px; font-size: 1rem">abcdefghi</p><p style="width: 20rem">wide</p>')
    assert looks.look(page, asked) == []
    assert looks.look_at_twice_the_text(page, asked) != []
