"""The figures this library is measured by, printed by `make bench` and `make battery`."""
