"""Circulation of laptop and hotspot kits at public libraries, in loans that follow workshop cohorts."""
