"""How people of a simulated operator write: a small grammar, wordings in two languages, slips of the hand."""
