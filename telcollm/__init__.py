"""telcollm: the records, ports and services that every other folder stands on."""

__version__ = "0.1.0"
