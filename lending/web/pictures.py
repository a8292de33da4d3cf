"""Pictures of kits and parts, and the library's logo: shown to everybody, and uploaded in forms.

A picture never changes under its address, so a browser asks for it once. There is nobody in it and nothing of anybody.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms.validators import StopValidation

from lending import pictures
from lending.domain.pictures import Drawn
from lending.errors import Refused
from lending.queries.pictures import picture_shown
from lending.web import answers, current
from lending.web.access import public

bp = Blueprint("pictures", __name__, url_prefix="/pictures")


@bp.get("/<public_id>")
@public
def show(public_id: str) -> ResponseReturnValue:
    """One picture, which a browser may keep for good."""
    with current.library().db.read() as session:
        found = picture_shown(session, public_id)
    if found is None:
        abort(404)
    return answers.kept_for_good(Response(found.content, mimetype=found.media_type))


class PictureField(FileField):  # type: ignore[misc]  # Flask-WTF has no types
    """A picture to upload. ``drawn`` is the picture as it would be kept, ``None`` when no file was chosen.

    What is no picture is refused at the field before the act.
    """

    def __init__(self, *arguments: Any, draw: pictures.Draw = pictures.photo, **options: Any) -> None:
        options.setdefault("render_kw", {"accept": "image/jpeg,image/png,image/webp,image/gif"})
        super().__init__(*arguments, **options)
        self.draw = draw
        self.drawn: Drawn | None = None

    def pre_validate(self, form: Any) -> None:
        """Draw the picture anew."""
        if not self.data:
            return
        try:
            self.drawn = self.draw(self.data.read())
        except Refused as refused:
            raise StopValidation(" ".join(current.sentence(block) for block in refused.blocks)) from None
