"""Runs the crash tests for long against the compiled build."""

import os
import sys

from workshop.checkout import ROOT
from workshop.environments import compiled_environment, tools_environment
from workshop.setting_up import SetUpError, exit_on_termination


def main(arguments: list[str]) -> int:
    """Replace this process by the crash tests; returns 1 where the set-up fails."""
    exit_on_termination()
    try:
        environment = compiled_environment("test-compiled", "test", tools_environment())
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.execv(environment.python, [environment.python, "-m", "tests.crash.torture", *arguments])
