"""Replay: alarms of the past, or of a generated network, written to Kafka as an operator's systems would."""
