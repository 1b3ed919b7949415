"""Two hundred conversations and more: what is suggested, from which records, within which policy."""
