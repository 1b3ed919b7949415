"""Composition: services and the command line over streams, agents and the language model."""
