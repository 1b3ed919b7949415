"""Orders hidden in texts: sentences that speak to whoever reads them instead of telling of a matter.

Takes texts and tells which of their sentences are orders. Does not know tickets, customers or what is done
with what it finds.
"""
