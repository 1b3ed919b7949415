"""Diagnosis by playbook: candidates, evidence from the store, checked claims, steps to take next."""

from agents.diagnosis.playbook import PLAYBOOK_VERSION, GraphDiagnoser

__all__ = ["PLAYBOOK_VERSION", "GraphDiagnoser"]
