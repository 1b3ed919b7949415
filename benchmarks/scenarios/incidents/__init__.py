"""The suite of incidents: a simulated operator's alarms, correlated, diagnosed, beside the hidden faults."""
