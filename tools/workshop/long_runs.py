"""Replaces this process by a long run of the compiled build, in an environment of its own."""

import os
import sys

from workshop.checkout import ROOT
from workshop.environments import compiled_environment, tools_environment
from workshop.setting_up import SetUpError, exit_on_termination


def become(module: str, arguments: list[str], name: str, extra: str) -> int:
    """Run a module in the compiled environment `name` with the requirements `extra`; returns 1 where that fails."""
    exit_on_termination()
    try:
        environment = compiled_environment(name, extra, tools_environment())
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.execv(environment.python, [environment.python, "-m", module, *arguments])
