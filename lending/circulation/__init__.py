"""The verbs of the desk: check-out, return, inspection and what follows from them. They never commit."""
