"""Teaching what an order in a text looks like: the texts written for it, and the command that learns."""
