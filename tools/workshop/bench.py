"""Runs the benchmarks against the compiled build, in an environment of their own."""

import os
import sys

from workshop.checkout import ROOT
from workshop.environments import compiled_environment, tools_environment
from workshop.setting_up import SetUpError, exit_on_termination


def main(arguments: list[str]) -> int:
    """Replace this process by the benchmarks; returns 1 where the set-up fails."""
    exit_on_termination()
    try:
        environment = compiled_environment("bench", "bench", tools_environment())
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.execv(environment.python, [environment.python, "-m", "benchmarks", *arguments])
