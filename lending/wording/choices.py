"""The names in the lists that the product begins with, to be translated. Source: ``domain/choices.py``."""

from __future__ import annotations

from typing import Final

from lending.phrases import N_

CHOICES: Final = (
    N_("Job search"),
    N_("Resume"),
    N_("Computer help"),
    N_("Unemployment benefits"),
    N_("Training"),
    N_("WorkSource"),
    N_("Something else"),
    N_("JobsLA"),
    N_("Illinois JobLink"),
    N_("Another service"),
)
"""What a library wrote itself is shown as it wrote it."""
