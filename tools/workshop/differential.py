"""Asks kvik, compiled, and a real redis-server the same for long."""

from workshop.long_runs import become


def main(arguments: list[str]) -> int:
    return become("tests.differential", arguments, "test-compiled", "test")
