"""The kinds of faults, a module a domain; `streams.simulator.catalogue` holds them all."""
