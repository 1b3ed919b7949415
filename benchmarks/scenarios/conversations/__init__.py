"""Two hundred conversations and more: what is suggested to answer, from which records, within which policy."""
