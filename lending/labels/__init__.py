"""Labels for kits, parts and commands: values in, a PDF out; every label printed here scans back.

Sheets and symbologies are plain values. fpdf2, python-barcode and segno take about a second to import
when cold and are wanted only by whoever prints, so they are imported by the functions that draw.
"""

from lending.labels.commands import command_sheet
from lending.labels.frames import frame_page
from lending.labels.printing import print_labels
from lending.labels.sheets import SHEETS, Label, LabelError, Sheet, Symbology

__all__ = ["SHEETS", "Label", "LabelError", "Sheet", "Symbology", "command_sheet", "frame_page", "print_labels"]
