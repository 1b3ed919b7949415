"""Customer service: the operator's own scripts, filled from live records, within the operator's policy.

Does not know how messages come in, nor how a reply leaves.
"""
