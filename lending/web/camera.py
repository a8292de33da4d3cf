"""The camera of a desk without a scanner: a photo comes in, the code on its label goes back. Nothing is kept of it.

The page scans that code like any other, so a photo does nothing by itself. Source: SCREENS, "Camera"; RULES 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from lending.camera import read_label
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.web import current
from lending.web.access import allow
from lending.web.pace import Pace
from lending.wording import status_of, tone_of

bp = Blueprint("camera", __name__)

LARGEST_PHOTO = 12 * 2**20
"""Bytes of one photo: more than a telephone's camera makes."""
MOST_PHOTOS = 2
"""Frames of a film that one question may hold: what is read alike in both counts."""
WITHIN = timedelta(minutes=1)
RETRY_AFTER = {"Retry-After": str(WITHIN.seconds)}


pace = Pace(150, WITHIN)
"""How often a person may show a photo to this process: each costs it half a second."""


@bp.post("/desk/photos")
@allow(Act.CIRCULATE, Act.RECORD_ATTENDANCE, Act.TRANSFER_KIT)
def photos() -> ResponseReturnValue:
    """The code in a photo, or in two frames of a film: ``{code}``, or ``{say, tone, reason}`` why there is none."""
    try:
        code = photographed(request.files.getlist("photo"))
    except Refused as refused:
        status = status_of(refused.blocks)
        say = " ".join(current.sentence(block) for block in refused.blocks)
        answer = jsonify(say=say, tone=tone_of(refused.blocks), reason=refused.blocks[0].reason)
        return answer, status, RETRY_AFTER if status == 429 else {}
    return jsonify(code=code)


def photographed(files: Sequence[FileStorage]) -> str:
    """The code of the one label that ``files`` show. Raises ``Refused`` as ``read_label``; ``PHOTOS_TOO_OFTEN``."""
    if not pace.keeps(current.person().staff_id, current.now()):
        raise Refused.because(Reason.PHOTOS_TOO_OFTEN)
    contents = [file.read(LARGEST_PHOTO + 1) for file in files[:MOST_PHOTOS]]
    if not contents or len(files) > MOST_PHOTOS:
        raise Refused.because(Reason.PICTURE_UNREADABLE)
    if any(len(content) > LARGEST_PHOTO for content in contents):
        raise Refused.because(Reason.PICTURE_TOO_BIG)
    return read_label(contents, current.spaces()).text
