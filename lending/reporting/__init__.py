"""What managers read, made once and shown everywhere alike: on a page, in a file, on paper, in a mail.

``report`` is the shape, ``voice`` puts numbers into words, ``findings`` says what they show, ``definitions`` what they
mean, ``leaving`` hides what may not leave the library, ``files`` writes CSV and workbooks, ``drawing`` makes charts.
"""
