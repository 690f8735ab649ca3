"""Runs the crash tests for long against the compiled build."""

from workshop.long_runs import become


def main(arguments: list[str]) -> int:
    return become("tests.crash.torture", arguments, "test-compiled", "test")
