"""Deciders: a tuned model and a plain expert, mixed and calibrated, that name one label or choice per row."""
