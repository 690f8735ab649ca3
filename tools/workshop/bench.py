"""Runs the benchmarks against the compiled build."""

from workshop.long_runs import become


def main(arguments: list[str]) -> int:
    return become("benchmarks", arguments, "bench", "bench")
