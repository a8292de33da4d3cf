"""The verbs of programmes: cohorts, enrolment, workshops. They may call circulation, never the reverse."""
