"""The rules of circulation as pure functions: no database, no clock, no web."""
