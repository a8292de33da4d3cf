"""The managers' pages, one module each: what waits today, what circulated, and what is reported for a month.

``choosing`` reads what a page is limited to, ``showing`` puts a report on a page and into files, ``frame`` is what all
pages have in common. Source: SCREENS, "Manager pages"; issue "Managers see what circulated", Build 2.
"""
