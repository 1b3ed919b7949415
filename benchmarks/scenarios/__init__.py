"""Scenario suites with hidden answers: the cases of a job, what the system said of them, and the score.

Run as `python -m benchmarks.scenarios`. A suite makes its inputs and its answers apart; whatever is tested is
handed inputs alone, and the answers are first read when everything has been said.
"""
