"""The door of what the library does by itself, when nobody asks."""
