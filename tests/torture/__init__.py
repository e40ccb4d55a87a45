"""Torture: each module has one function that takes counts and a seed, does harm, and returns what it counted.

`scripts/torture NAME` runs them in full, `tests/test_torture.py` in short. All harm is done to copies in a temporary
folder; the victims are forked from a process that has everything loaded, so that one costs no import.
"""
