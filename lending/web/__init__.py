"""The pages of staff and patrons: forms, scans and what they answer."""
