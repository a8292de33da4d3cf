"""Claims about the pictures that the library keeps."""

from __future__ import annotations

from sqlalchemy import select

from lending.circulation.pictures import add_picture, replace_picture
from lending.domain.pictures import Drawn
from lending.errors import Reason
from lending.models.setting_up import Picture
from tests.circulation.town import AT, Town

DRAWN = Drawn("image/png", b"\x89PNG", 3, 2)
OTHER = Drawn("image/jpeg", b"\xff\xd8", 4, 5)


def _kept(town: Town) -> dict[str, Picture]:
    return {row.public_id: row for row in town.every(select(Picture))}


def test_a_picture_is_kept_as_it_was_drawn(town: Town) -> None:
    name = town.act(add_picture, by=town.ida, drawn=DRAWN)
    row = _kept(town)[name]
    assert (row.media_type, row.content, row.width, row.height, row.made_at) == ("image/png", b"\x89PNG", 3, 2, AT)
    assert town.journal("add_picture")[0].detail == {"picture": name}


def test_only_an_administrator_keeps_pictures(town: Town) -> None:
    assert town.reasons(add_picture, by=town.mona, drawn=DRAWN) == [Reason.NOT_PERMITTED]
    assert town.reasons(replace_picture, by=town.ben, before=None, drawn=DRAWN) == [Reason.NOT_PERMITTED]
    assert not _kept(town)


def test_a_new_picture_takes_the_place_of_the_old_one_under_a_name_of_its_own(town: Town) -> None:
    before = town.act(add_picture, by=town.ida, drawn=DRAWN)
    after = town.act(replace_picture, by=town.ida, before=before, drawn=OTHER)
    assert after is not None
    assert set(_kept(town)) == {after}
    assert after != before
    assert town.journal("remove_picture")[0].detail == {"picture": before}


def test_without_a_new_one_the_picture_stays(town: Town) -> None:
    before = town.act(add_picture, by=town.ida, drawn=DRAWN)
    assert town.act(replace_picture, by=town.ida, before=before, drawn=None) == before
    assert set(_kept(town)) == {before}


def test_a_picture_that_is_taken_away_is_gone(town: Town) -> None:
    before = town.act(add_picture, by=town.ida, drawn=DRAWN)
    assert town.act(replace_picture, by=town.ida, before=before, drawn=None, remove=True) is None
    assert not _kept(town)
