"""Playbooks that diagnose, route and reply, and the tools they call."""
