"""Claims about changing the library's own settings."""

from __future__ import annotations

from sqlalchemy import select

from lending.circulation.library_settings import change_logo, change_settings
from lending.circulation.pictures import add_picture
from lending.domain import library_settings as names
from lending.domain.library_settings import LibrarySettings
from lending.domain.pictures import Drawn
from lending.errors import Reason
from lending.models.setting_up import Picture
from lending.queries.library_settings import library_settings
from tests.circulation.town import Town

LOGO = Drawn("image/png", b"\x89PNG", 3, 2)


def _own(town: Town) -> LibrarySettings:
    with town.database.read() as session:
        return library_settings(session, name="Public Library")


def _change(town: Town, **given: str | None) -> None:
    town.act(change_settings, by=town.ida, given=given)


def test_a_setting_is_kept_changed_and_given_up(town: Town) -> None:
    _change(town, name="Compton Library", contact="Call 213 555 0142")
    assert (_own(town).name, _own(town).contact) == ("Compton Library", "Call 213 555 0142")
    _change(town, name="Los Ángeles")
    _change(town, contact="")
    assert (_own(town).name, _own(town).contact) == ("Los Ángeles", "")
    _change(town, name=None)
    assert _own(town).name == "Public Library"
    assert town.journal("change_library_settings")[1].detail == {"name": "Los Ángeles"}


def test_what_is_the_same_changes_nothing(town: Town) -> None:
    _change(town, name="Compton Library")
    _change(town, name="Compton Library ")
    assert len(town.journal("change_library_settings")) == 1


def test_one_wrong_value_changes_none(town: Town) -> None:
    given = {names.NAME: "Compton Library", names.MAIN: "#eeeeee"}
    assert town.reasons(change_settings, by=town.ida, given=given) == [Reason.COLOUR_CONTRAST]
    assert _own(town).name == "Public Library"


def test_only_an_administrator_changes_them(town: Town) -> None:
    for by in (town.ben, town.mona):
        assert town.reasons(change_settings, by=by, given={names.NAME: "x"}) == [Reason.NOT_PERMITTED]
        assert town.reasons(change_logo, by=by, drawn=LOGO) == [Reason.NOT_PERMITTED]


def test_a_logo_takes_the_place_of_another_and_can_be_taken_away(town: Town) -> None:
    town.act(change_logo, by=town.ida, drawn=LOGO)
    first = _own(town).logo
    town.act(change_logo, by=town.ida, drawn=LOGO)
    second = _own(town).logo
    assert first != second
    assert town.every(select(Picture.public_id)) == [second]
    town.act(change_logo, by=town.ida, drawn=None)
    assert _own(town).logo == second
    town.act(change_logo, by=town.ida, drawn=None, remove=True)
    assert (_own(town).logo, town.every(select(Picture))) == (None, [])


def test_a_kits_photo_is_no_logo_and_stays(town: Town) -> None:
    photo = town.act(add_picture, by=town.ida, drawn=LOGO)
    town.act(change_logo, by=town.ida, drawn=LOGO)
    town.act(change_logo, by=town.ida, drawn=None, remove=True)
    assert town.every(select(Picture.public_id)) == [photo]
