"""The environments that a developer's work needs, one of each kind for every version of Python."""

import os
import sys
import tomllib
from typing import TextIO

from workshop.checkout import PYTHON_TAG, ROOT, fingerprint, wheel_key
from workshop.environment import Environment
from workshop.setting_up import SetUp, Step
from workshop.wheel import WheelShelf, make_environment, pip

WORK_FOLDER = os.path.join(ROOT, "build")
PYTHON_VERSION = PYTHON_TAG.rpartition("-")[2]


def tools_environment() -> Environment:
    """Return the environment with everything but kvik itself: the sources run in it, and it builds wheels."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    requirements: list[str] = [*project["dependencies"], *extras["test"], *extras["lint"]]
    environment = Environment(os.path.join(ROOT, f".venv-test-{PYTHON_VERSION}"))

    def install(log: TextIO) -> str:
        pip(environment, log, "install", "--quiet", *requirements)
        return ""

    stamp = f"{PYTHON_TAG} {fingerprint(requirements, [], ROOT)}"
    steps = [make_environment(environment), Step("dependencies and test tools", install)]
    SetUp(WORK_FOLDER, sys.stderr).bring(environment, stamp, steps)
    return environment


def compiled_environment(name: str, extra: str, builder: Environment) -> Environment:
    """Return an environment with the compiled wheel of the sources as they are and with an extra; or SetUpError."""
    environment = Environment(os.path.join(ROOT, f".venv-{name}-{PYTHON_VERSION}"))
    shelf = WheelShelf(ROOT, os.path.join(WORK_FOLDER, "wheels"))
    key = wheel_key(ROOT, "1")
    steps = [
        make_environment(environment),
        shelf.build(key, "1", builder, "--no-build-isolation"),
        shelf.install(key, environment, f"[{extra}]"),
    ]
    SetUp(WORK_FOLDER, sys.stderr).bring(environment, f"{PYTHON_TAG} {key}", steps)
    return environment
