"""The seam to Kafka: clients, topics, a source of records and a sink for them.

Nothing is imported here, because kafka-python is heavy: take what you need from the modules. It
deliberately knows nothing of what a record means.
"""
