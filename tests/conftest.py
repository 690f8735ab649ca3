"""Which build is under test, and what happens to tests whose program is not installed."""

import os
import shutil

import pytest

from kvik.build_info import VERSION, build_name

pytest_plugins = ("tests.servers",)


def pytest_configure(config: pytest.Config) -> None:
    expected = os.environ.get("KVIK_TEST_BUILD", build_name())
    if build_name() != expected:
        raise pytest.UsageError(f"the {build_name()} build is under test, not the {expected} one")


def pytest_report_header() -> str:
    return f"kvik {VERSION}, {build_name()}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        program = marker.args[0]
        if shutil.which(program) is not None:
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")
