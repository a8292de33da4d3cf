"""Refusals about what was scanned or typed, before it is an act. Source: RULES 1."""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

CODES: Mapping[Reason, Words] = {
    # Reading a code
    Reason.CODE_EMPTY: Words(422, Tone.STOP, N_("Nothing was scanned. Scan it again.")),
    Reason.CODE_UNKNOWN: Words(404, Tone.STOP, N_("We don't know %(code)s. Scan it again.")),
    Reason.CODE_MISREAD: Words(
        422,
        Tone.STOP,
        N_("That did not scan right. Scan it again."),
        N_("That did not scan right. Please scan it again."),
        N_("Did not scan right. Scan it again"),
    ),
    Reason.CODE_NOT_A_KIT: Words(422, Tone.STOP, N_("That is %(kind)s, not a kit. Scan the kit's own label.")),
    Reason.CODE_NOT_A_CARD: Words(422, Tone.STOP, N_("That is %(kind)s, not a library card. Scan the card.")),
    Reason.CODE_IS_A_PART: Words(
        422, Tone.STOP, N_("That is the label of a part (%(part)s) of %(kit)s. Scan the kit's own label.")
    ),
    Reason.CODE_IS_A_DEVICE_NUMBER: Words(
        422, Tone.STOP, N_("That is %(kind)s of %(kit)s (%(part)s). Scan the kit's own label.")
    ),
    Reason.CODE_TAKEN: Words(409, Tone.STOP, N_("%(code)s is in use already. Choose another code.")),
    Reason.CODE_SPACE: Words(
        422, Tone.STOP, N_("%(code)s looks like %(kind)s, so it cannot be used for this. Choose another code.")
    ),
    # Read by a camera
    Reason.PHOTO_NOT_READ: Words(
        422, Tone.LOOK, N_("No label could be read for sure. Hold one label close, flat and in good light.")
    ),
    Reason.PHOTO_NOT_OURS: Words(
        422, Tone.LOOK, N_("That is no label of this library. Hold a library card or a kit's label before the camera.")
    ),
    Reason.PHOTO_SEVERAL: Words(
        422, Tone.LOOK, N_("There are several labels: %(codes)s. Nothing changed. Show one of them alone.")
    ),
    Reason.PHOTOS_TOO_OFTEN: Words(
        429, Tone.LOOK, N_("That is too many photos in a short time. Wait a minute, or type the number.")
    ),
    # Typed in
    Reason.WRONG_STATE: Words(
        409,
        Tone.STOP,
        N_("That cannot be done now: it is %(state)s."),
        N_("This has changed since you opened the page. Look at it again."),
    ),
    Reason.REASON_NEEDED: Words(422, Tone.STOP, N_("Type a reason first. It is kept with your name.")),
    Reason.SAME_PATRON: Words(422, Tone.STOP, N_("Both cards belong to the same patron. Choose another card.")),
    Reason.VALUE_MISSING: Words(422, Tone.STOP, N_("Fill in: %(field)s."), N_("Fill this in.")),
    Reason.VALUE_WRONG: Words(
        422,
        Tone.STOP,
        N_("This cannot be right: %(field)s. Look at it again."),
        N_("This cannot be right. Look at it again."),
    ),
    Reason.PLACE_UNKNOWN: Words(
        422, Tone.STOP, N_("This notice cannot fill the place %(place)s. Choose from the list beside the text.")
    ),
    Reason.PLACE_PRIVATE: Words(
        422, Tone.STOP, N_("Others may read a subject line, so %(place)s may not stand in it. Put it into the text.")
    ),
    Reason.ADDRESS_UNKNOWN: Words(422, Tone.STOP, N_("Nothing is found at %(host)s. Look at the address again.")),
    Reason.ADDRESS_FORBIDDEN: Words(
        422,
        Tone.STOP,
        N_("Messages may not go to %(host)s: only to https addresses on the internet, or where the settings allow it."),
    ),
    Reason.PICTURE_UNREADABLE: Words(
        422, Tone.STOP, N_("This file is no picture that we can read. Choose a JPEG, PNG, WebP or GIF file.")
    ),
    Reason.PICTURE_TOO_BIG: Words(
        422, Tone.STOP, N_("This picture has too many points. Make it smaller, then choose it again.")
    ),
    Reason.COLOUR_CONTRAST: Words(
        422,
        Tone.STOP,
        N_(
            "Text and this color would be hard to tell apart: the contrast is %(figure)s and must be %(least)s or more."
            " The nearest color that works is %(nearest)s."
        ),
    ),
    Reason.ALREADY_EXISTS: Words(409, Tone.STOP, N_("That exists already. Nothing changed.")),
    Reason.OWN_DATA: Words(
        409,
        Tone.STOP,
        N_(
            "There is more here than the demonstration: patrons, kits, libraries or staff of your own. Nothing changed."
        ),
        sip2="Not a demonstration",
    ),
}
