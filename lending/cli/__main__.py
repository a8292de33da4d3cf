"""``python -m lending.cli``: how the command line starts its own children, whatever the PATH says."""

from lending.cli import main

main(prog_name="lending")
