"""Sets up test environments, then runs the checks and the whole suite in both builds: what `./test` does."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from workshop import debian
from workshop.checkout import ROOT
from workshop.environment import Environment
from workshop.environments import PYTHON_VERSION, WORK_FOLDER, compiled_environment, tools_environment
from workshop.setting_up import SetUp, SetUpError, exit_on_termination

PACKAGES = {  # the program that tests need, and the Debian package that brings it
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "telnet": "telnet",
    "nc": "netcat-openbsd",
    "tmux": "tmux",
}
CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "--quiet", "."),
    ("ruff", "format", "--check", "--quiet", "."),
    ("mypy",),
)
MYPYC_CHECK = ("python", os.path.join(ROOT, "setup.py"), "check_compiled")
USAGE = """\
usage: ./test [--fast | --lint] [PYTEST ARGUMENTS]

Sets up what is missing, then runs the checks and the whole suite, interpreted and compiled.
  --fast    the checks, and the suite interpreted
  --lint    the checks alone
"""
PYTEST = ("-m", "pytest", "-q")
TESTS_FAILED = 1
SECOND_TRIES_MAX = 2
# A failure there is a finding, however seldom it comes.
NO_SECOND_TRY = ("tests/crash/", "tests/differential/", "tests/journal/", "tests/properties/")


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; returns 0 where everything passed."""
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(USAGE)
        return 0
    exit_on_termination()
    os.chdir(ROOT)
    start = time.monotonic()
    only_lint, fast = "--lint" in arguments, "--fast" in arguments
    arguments = [word for word in arguments if word not in ("--lint", "--fast")]
    try:
        tools = tools_environment()
        if only_lint or fast:
            passed = check(tools, [*CHECKS, MYPYC_CHECK])
            return 0 if passed and (only_lint or run_suite("interpreted", tools, arguments)) else 1
        install_programs()
        passed = check(tools, CHECKS) and run_both(tools, arguments)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"kvik: {'everything passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s")
    return 0 if passed else 1


def run_both(tools: Environment, arguments: Sequence[str]) -> bool:
    compiled = compiled_environment("test-compiled", "test", tools)
    outcomes = {
        name: run_suite(name, where, arguments) for name, where in (("interpreted", tools), ("compiled", compiled))
    }
    print("\n" + ", ".join(f"{name}: {'passed' if passed else 'FAILED'}" for name, passed in outcomes.items()))
    return all(outcomes.values())


def run_suite(build: str, environment: Environment, arguments: Sequence[str]) -> bool:
    """Run pytest on one build: the sources as they are, or what the environment has installed."""
    print(f"\n== {build}, Python {PYTHON_VERSION}", flush=True)
    variables = {**os.environ, "KVIK_TEST_BUILD": build}
    variables.pop("PYTHONPATH", None)
    if build == "interpreted":
        variables["PYTHONPATH"] = os.path.join(ROOT, "src")
    with tempfile.TemporaryDirectory() as cache:
        words = [environment.python, *PYTEST, "-n", "2", "-o", f"cache_dir={cache}", *arguments]
        code = subprocess.run(words, env=variables).returncode
        failed = failed_tests(cache)
    if code == TESTS_FAILED and os.environ.get("CI") == "true" and may_try_again(failed):
        return try_again(environment, failed, variables)
    return code == 0


def failed_tests(cache: str) -> list[str]:
    """Return the tests that pytest has noted as failed in its cache."""
    try:
        with open(os.path.join(cache, "v", "cache", "lastfailed"), "rb") as file:
            return sorted(json.load(file))
    except FileNotFoundError:
        return []


def may_try_again(failed: Sequence[str]) -> bool:
    """Return whether these are tests that a busy machine may have failed, and few."""
    is_finding = any(test.startswith(NO_SECOND_TRY) or "::" not in test for test in failed)
    return 0 < len(failed) <= SECOND_TRIES_MAX and not is_finding


def try_again(environment: Environment, failed: Sequence[str], variables: dict[str, str]) -> bool:
    """Run tests once more, alone, and say so whatever comes of it."""
    print(f"\n== once more, alone: {', '.join(failed)}", flush=True)
    if subprocess.run([environment.python, *PYTEST, *failed], env=variables).returncode != 0:
        return False
    print("kvik: these PASSED ONLY WHEN RUN AGAIN, so something in them, or in kvik, depends on chance; repair it:")
    print("\n".join(failed), flush=True)
    return True


def check(tools: Environment, checks: Sequence[tuple[str, ...]]) -> bool:
    """Run every check, so that one run shows everything that is wrong."""
    passed = True
    for program, *words in checks:
        start = time.monotonic()
        code = subprocess.run([os.path.join(tools.folder, "bin", program), *words]).returncode
        verdict = "passed" if code == 0 else "FAILED"
        print(f"{' '.join([program, *words[:2]])}: {verdict} in {time.monotonic() - start:.1f} s", flush=True)
        passed = passed and code == 0
    return passed


def install_programs() -> None:
    """Install the programs that tests talk to where that is possible; otherwise those tests are skipped.

    Raises SetUpError where CI lacks one: there, a skipped test would pass unseen.
    """
    missing = [program for program in PACKAGES if shutil.which(program) is None]
    if missing and debian.may_install():
        packages = [PACKAGES[program] for program in missing]
        SetUp(WORK_FOLDER, sys.stderr).run([debian.install_step(packages)])
        missing = [program for program in PACKAGES if shutil.which(program) is None]
    if not missing:
        return
    line = (
        f"kvik: not installed: {', '.join(missing)}; get them: apt-get install {' '.join(PACKAGES[p] for p in missing)}"
    )
    if os.environ.get("CI") == "true":
        raise SetUpError(line)
    print(f"{line} (tests that need them are skipped)", file=sys.stderr)
