"""The REST door: JSON under /api/v1 for systems and scripts that act for staff."""
