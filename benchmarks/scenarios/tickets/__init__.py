"""A thousand tickets and more: which team, how urgent, and what they belong to."""
