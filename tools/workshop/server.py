"""Sets up what the server needs and becomes it. Imports little: a second start must answer at once."""

import os
import sys

from workshop.checkout import PYTHON_TAG, ROOT, compile_mode, wheel_key
from workshop.environment import Environment


def main(arguments: list[str]) -> int:
    """Replace this process by `kvik serve`; returns 1 where the set-up fails."""
    environment = Environment(os.path.join(ROOT, ".venv"))
    mode, obstacle = compile_mode(os.environ)
    key = wheel_key(ROOT, mode)
    stamp = f"{PYTHON_TAG} {key}"
    if not environment.is_ready(stamp) and not set_up(environment, stamp, key, mode, obstacle):
        return 1
    # -P: a folder named kvik where the user stands must not be taken for the installed package.
    program = [environment.python, "-P", "-m", "kvik", "serve"]
    os.execv(environment.python, [*program, *with_directory(arguments)])


def with_directory(arguments: list[str]) -> list[str]:
    """Return the arguments with the checkout's own data directory where they say nothing of what is kept."""
    if "--memory" in arguments or names_directory(arguments):
        return arguments
    return [os.path.join(ROOT, "data"), *arguments]


def names_directory(arguments: list[str]) -> bool:
    """Tell whether a word is neither a flag nor its value; every flag but --help and --memory has one."""
    words = iter(arguments)
    for word in words:
        if word == "--" or not word.startswith("-"):
            return True
        if word not in ("-h", "--help", "--memory") and "=" not in word:
            next(words, "")
    return False


def set_up(environment: Environment, stamp: str, key: str, mode: str, obstacle: str) -> bool:
    from workshop.setting_up import SetUp, SetUpError, exit_on_termination
    from workshop.wheel import WheelShelf, make_environment

    exit_on_termination()
    if obstacle:
        remedy = "for the fast build: apt-get install gcc python3-dev"
        print(f"kvik: {obstacle}: running interpreted ({remedy})", file=sys.stderr)
    work_folder = os.path.join(ROOT, "build")
    shelf = WheelShelf(ROOT, os.path.join(work_folder, "wheels"))
    steps = [make_environment(environment), shelf.build(key, mode, environment), shelf.install(key, environment)]
    try:
        SetUp(work_folder, sys.stderr).bring(environment, stamp, steps)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return False
    except OSError as error:
        print(f"kvik: the set-up failed: {error}", file=sys.stderr)
        return False
    except KeyboardInterrupt:
        return False
    return True
