"""Cause graphs learned from alarm history: which alarm types bring about which others.

It deliberately does not know how live alarms are correlated with the graph: `streams` windows do that.
"""
