"""Knowledge: runbooks, manuals and past tickets, kept in chunks, found by words and meaning.

Does not know what is asked for, or what is made of what is found; every hit says where it stands.
"""
