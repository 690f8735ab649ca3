"""Writes the pages of the documentation that come from the sources."""

import os
import subprocess
import sys

from workshop.checkout import ROOT
from workshop.environments import tools_environment
from workshop.setting_up import SetUpError, exit_on_termination

COMMAND_PAGE = os.path.join(ROOT, "docs", "commands.md")


def main(arguments: list[str]) -> int:
    """Write docs/commands.md from the command table; returns 1 where that fails."""
    exit_on_termination()
    variables = {**os.environ, "PYTHONPATH": os.path.join(ROOT, "src")}
    try:
        python = tools_environment().python
        page = subprocess.run(
            [python, "-m", "kvik.cli.command_page"], env=variables, stdout=subprocess.PIPE, check=True
        )
    except (SetUpError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    os.makedirs(os.path.dirname(COMMAND_PAGE), exist_ok=True)
    with open(COMMAND_PAGE, "wb") as file:
        file.write(page.stdout)
    return 0
