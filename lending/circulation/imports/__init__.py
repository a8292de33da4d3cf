"""Imports: branches, kit types, kits and patrons from a CSV or XLSX file, all of it or nothing.

``sheets`` reads the file, ``columns`` says what its columns must be, one module per kind of thing checks every row and
writes them, ``report`` says what was found. Anything wrong anywhere, and nothing is written. One import is one act on
the journal. Source: INTERFACES, ``lending import``; RULES 1 (codes); BATTERY P8.
"""
