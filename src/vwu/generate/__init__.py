"""A synthetic nation: bank feeds and branch submissions of any size that agree with each other, the same for a seed.

`request` says what is wanted, `nation` lays it out on the real hierarchy, `portfolio` is the life of the loans in SQL,
`feeds` and `submissions` write the files of the landing zone, `faults` plants what intake must find.
"""
