"""Receivers: syslog and SNMP traps, as network elements send them, made into records on Kafka.

Nothing is imported here: take what you need from the modules. It deliberately knows no entry point.
"""
