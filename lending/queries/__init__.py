"""What the screens read, answered with frozen dataclasses; a page never touches a row."""
