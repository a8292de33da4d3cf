"""The command line: what an operator types on the server itself."""
