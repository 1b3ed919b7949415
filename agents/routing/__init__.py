"""Ticket routing: which team gets a ticket, how urgent it is, and whether a person must look first.

Deciders or rules decide, a cost sets from when on nobody needs to look, duplicates and children of open
incidents are linked instead of filed, and what people correct is kept to learn from.
"""
