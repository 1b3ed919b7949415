"""Services: what people and programs can do, one module a noun; console, API and command line call these.

Each function asks `telcollm.access` once, and tells the audit trail before it decides something.
"""
