"""Kafka sources and sinks, decoding, alarm life, windows, correlation, replay and the worker loop."""
