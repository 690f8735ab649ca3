"""Dockerfile, .dockerignore and compose.yaml: what they name exists, and what they run works (S44)."""

import shutil
import signal
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from kvik.settings import SETTINGS, load_settings
from tests.servers import KvikServer
from tests.setup.checkouts import ROOT
from tests.setup.container import GRACE_SECONDS, PORT, Container
from tests.setup.container_files import Instruction, Node, Stage, read_compose, read_dockerfile, read_ignore_list
from tests.setup.distributions import installed_kvik, pack_wheel, required_by
from tests.wire import Wire

PASSWORD = 'it\'s "a" $secret'
# Of the Compose Specification, what a service of this kind may have: a slip of the pen is not among them.
# fmt: off
COMPOSE_KEYS = {
    "build", "cap_add", "cap_drop", "command", "container_name", "cpus", "deploy", "entrypoint", "env_file",
    "environment", "expose", "healthcheck", "hostname", "image", "init", "labels", "logging", "mem_limit",
    "memswap_limit", "networks", "pids_limit", "ports", "profiles", "pull_policy", "read_only", "restart", "secrets",
    "security_opt", "stop_grace_period", "stop_signal", "tmpfs", "ulimits", "user", "volumes",
}
# fmt: on
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return read_dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def service() -> dict[str, Node]:
    services = read_compose(ROOT / "compose.yaml")["services"]
    assert isinstance(services, dict) and isinstance(services["kvik"], dict)
    return services["kvik"]


# What the files name


def test_every_source_that_is_copied_exists_is_tracked_and_is_not_left_out_of_the_context(stages: list[Stage]) -> None:
    names = [name for each in stages[0].all("COPY") for name in each.words()[:-1]]
    left_out, taken_in = read_ignore_list(ROOT / ".dockerignore")
    assert all((ROOT / name).exists() for name in names), names
    assert "*" in left_out and taken_in == set(names)
    if (ROOT / ".git").exists() and shutil.which("git"):
        for name in names:
            tracked = subprocess.run(["git", "ls-files", "--", name], cwd=ROOT, capture_output=True, check=True).stdout
            assert tracked, f"git does not track {name}: a fresh clone could not be built"


def test_the_last_stage_is_slim_has_no_compiler_and_takes_the_rest_from_the_first(stages: list[Stage]) -> None:
    first, last = stages
    with (ROOT / "pyproject.toml").open("rb") as file:
        oldest = tomllib.load(file)["project"]["requires-python"].removeprefix(">=")
    assert first.image == last.image == f"python:{oldest}-slim"
    (copy,) = last.all("COPY")
    assert copy.flags["from"] == first.name and copy.words() == ["/opt/kvik", "/opt/kvik"]
    assert not [each for each in last.all("RUN") if "apt" in each.rest or "pip" in each.rest]


def test_the_server_is_not_root_and_its_data_is_its_own(stages: list[Stage]) -> None:
    last = stages[-1]
    user, _, group = last.only("USER").rest.partition(":")
    assert int(user) > 0 and int(group) > 0
    assert f"--owner={user} --group={group} --mode=0700 /data" in last.only("RUN").rest
    assert [each.name for each in last.instructions].index("USER") > [each.name for each in last.instructions].index(
        "RUN"
    )
    assert last.only("VOLUME").rest == "/data" and last.only("EXPOSE").rest == PORT


def test_signals_reach_the_server_itself(stages: list[Stage]) -> None:
    for name in ("ENTRYPOINT", "CMD"):
        assert stages[-1].only(name).rest.startswith("["), f"{name}: a shell before the server would keep SIGTERM"


# What the files run


def filled_container(root: Path, stages: list[Stage]) -> Container:
    """Run the instructions of the first stage: the wheel from what was copied, and the environment from the wheels.

    What else is installed comes from beside the tests, so that nothing is downloaded; where the compiled
    build is under test, the image gets that one.
    """
    make_wheel, install = [each for each in stages[0].all("RUN") if "apt-get" not in each.rest]
    container = Container(root, stages[-1])
    source = container.copy(stages[0])
    container.build(make_wheel, source, KVIK_COMPILE="0", PIP_NO_DEPS="1", PIP_NO_BUILD_ISOLATION="0")
    wheels = container.place("/wheels")
    (built,) = wheels.glob("kvik-*.whl")
    kvik = installed_kvik()
    if kvik is not None:
        built.unlink()
        pack_wheel(kvik, wheels)
    with (ROOT / "pyproject.toml").open("rb") as file:
        requirements = tomllib.load(file)["project"]["dependencies"]
    for installed in required_by(requirements):
        pack_wheel(installed, wheels)
    container.build(install, source)
    shutil.rmtree(source)
    return container


def test_the_image_serves_tells_its_health_ends_in_time_and_keeps_its_data(
    tmp_path: Path, stages: list[Stage], service: dict[str, Node]
) -> None:
    container = filled_container(tmp_path, stages)
    secret = {"KVIK_REQUIREPASS": PASSWORD}
    ask = 'REDISCLI_AUTH="$KVIK_REQUIREPASS" kvik client 127.0.0.1:9736'
    assert container.health(**secret) == 1, "nobody serves yet"
    server = container.start(**secret)
    assert container.health(**secret) == 0
    assert container.health(KVIK_REQUIREPASS="wrong") == container.health() == 1
    assert container.shell(f"{ask} set norway oslo", **secret) == 0
    server.send_signal(signal.SIGTERM)
    assert server.wait(GRACE_SECONDS) == 0, container.log()
    assert container.health(**secret) == 1
    server = container.start(**compose_environment(service, PASSWORD))
    assert container.shell(f'test "$({ask} get norway)" = oslo', **secret) == 0
    server.send_signal(signal.SIGTERM)
    assert server.wait(GRACE_SECONDS) == 0, container.log()


def own_address() -> str:
    """Return an address of this machine that is not loopback; skips where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address: str = probe.getsockname()[0]
    return address


def test_without_a_password_a_caller_from_elsewhere_is_told_how_to_set_one(folder: Path) -> None:
    address = own_address()
    server = KvikServer(folder, doors=("auto",), host="0.0.0.0")
    with Wire(socket.create_connection((address, server.ports["auto"]), 10)) as wire:
        answer = wire.read_to_the_end()
    assert answer.startswith(b"-DENIED kvik is running in protected mode") and b"--requirepass" in answer
    with server.open("auto") as wire:
        assert wire.call("PING") == b"PONG"
    server.stop()


# compose.yaml


def compose_environment(service: dict[str, Node], password: str) -> dict[str, str]:
    """Return the variables of the service as compose passes them on."""
    variables = service["environment"]
    assert isinstance(variables, dict)
    asked = "${KVIK_REQUIREPASS:?"
    return {name: password if str(value).startswith(asked) else str(value) for name, value in variables.items()}


def test_compose_refuses_to_start_without_a_password(service: dict[str, Node]) -> None:
    assert compose_environment(service, PASSWORD)["KVIK_REQUIREPASS"] == PASSWORD
    assert PASSWORD not in (ROOT / "compose.yaml").read_text()


def test_every_variable_of_compose_is_a_setting(service: dict[str, Node]) -> None:
    known = {setting.variable for setting in SETTINGS.values()}
    assert set(compose_environment(service, PASSWORD)) <= known
    load_settings(environment=compose_environment(service, PASSWORD))


def test_compose_keeps_the_data_in_a_volume_of_its_own(service: dict[str, Node], stages: list[Stage]) -> None:
    volumes = read_compose(ROOT / "compose.yaml")["volumes"]
    assert isinstance(volumes, dict) and service["volumes"] == [f"data:{stages[-1].only('VOLUME').rest}"]
    assert "data" in volumes


def test_compose_uses_keys_of_the_specification_only(service: dict[str, Node]) -> None:
    assert set(read_compose(ROOT / "compose.yaml")) <= {"name", "services", "volumes", "networks", "secrets"}
    assert set(service) <= COMPOSE_KEYS
    assert isinstance(service["healthcheck"], dict) and set(service["healthcheck"]) <= HEALTH_KEYS


def test_compose_asks_for_health_as_the_image_does(service: dict[str, Node], stages: list[Stage]) -> None:
    check = service["healthcheck"]
    image = stages[-1].only("HEALTHCHECK")
    assert isinstance(check, dict) and isinstance(check["test"], list)
    kind, command = check["test"]
    assert (kind, command.replace("$$", "$")) == ("CMD-SHELL", image.rest.removeprefix("CMD "))
    for name, value in image.flags.items():
        assert str(check[name.replace("-", "_")]) == value


def test_compose_gives_the_server_no_more_rights_than_it_needs(service: dict[str, Node]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]


def test_compose_gives_the_server_time_to_end_and_twice_the_memory_of_its_data(service: dict[str, Node]) -> None:
    settings = load_settings(environment=compose_environment(service, PASSWORD))
    assert int(str(service["stop_grace_period"]).removesuffix("s")) >= settings.shutdown_timeout + GRACE_SECONDS
    megabytes = int(str(service["mem_limit"]).removesuffix("m"))
    assert megabytes * 1024 * 1024 == 2 * settings.maxmemory


# The readers themselves


def test_a_line_that_the_readers_do_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text in ("a: b: c", "a:\n  - x: y", "a: 1\na: 2", "a: {b}", "a: b c", "a: yes", "a: 1.5"):
        path.write_text(text)
        with pytest.raises(ValueError):
            read_compose(path)
    with pytest.raises(ValueError, match="ADD is not known"):
        Instruction("ADD x y")


def test_an_instruction_over_several_lines_is_one(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text('ARG V=1\nFROM a:${V} AS b\nHEALTHCHECK --a=1 \\\n  # why\n  CMD x "$Y"\nCMD ["a b", "c"]\n')
    (stage,) = read_dockerfile(path)
    check = stage.only("HEALTHCHECK")
    assert (stage.image, stage.name, check.flags, check.rest) == ("a:1", "b", {"a": "1"}, 'CMD x "$Y"')
    assert stage.only("CMD").words() == ["a b", "c"]
