"""`kvik bench`: puts a load on a server or on the embedded database, and shows what came of it."""

import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import click
from rich.console import Console

from kvik.cli.bench_options import COMMAND, GROUPS, BenchCommand, check_place, check_results, plan_of
from kvik.cli.bench_screen import Screen, show_comparison, show_outcome
from kvik.cli.moments import shown_moment
from kvik.client.address import Address, AddressError, find_address, hide_password
from kvik.client.connection import Connection, ConnectionFailed, Refused
from kvik.client.load.crew import Crew, Driver, LoadFailed
from kvik.client.load.plan import Plan
from kvik.client.load.worker import Worker, material_of
from kvik.client.report.outcome import Outcome, OutcomeError, as_json, outcome_of, read_outcome
from kvik.client.report.surroundings import Server, ask_server, this_machine
from kvik.clock import Clock
from kvik.errors import ReplyError

OK, FAILED, NO_CONNECTION, INTERRUPTED = 0, 1, 3, 130
SECOND_NS = 1_000_000_000
FILLED_AT_ONCE = 1_000
STARS = "***"
PIPE_CELLS = 160


def bench(names: tuple[str, ...], **given: Any) -> int:
    """Put a load on a server and measure it.

    NODE is host, host:port, [v6]:port, unix:PATH or a redis:// URL; 127.0.0.1:9736 unless given. Any server that
    speaks RESP will do. A COMMAND behind -- is sent instead of GET and SET.
    """
    output = screen_of(sys.stderr if given["json"] == "-" else sys.stdout)
    check_results(given)
    if given["compare"]:
        return compare(names, given, output)
    command: list[str] = click.get_current_context().meta.get(COMMAND, [])
    check_place(given, names)
    plan = plan_of(given, command)
    try:
        outcome = measure(plan, names[0] if names else "", given)
    except AddressError as error:
        raise click.UsageError(str(error)) from None
    except ConnectionFailed as error:
        return complain(str(error), NO_CONNECTION)
    except (LoadFailed, Refused) as error:
        is_refusal = isinstance(error, Refused) or error.is_refusal or plan.is_embedded
        return complain(str(error), FAILED if is_refusal else NO_CONNECTION)
    show_outcome(outcome, output)
    write_results([outcome], given)
    if outcome.is_interrupted:
        return INTERRUPTED
    return FAILED if outcome.has_failed() else OK


def screen_of(stream: TextIO) -> Console:
    """Return what draws on a terminal; in a pipe nothing is cut off to fit."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else PIPE_CELLS)


def compare(names: Sequence[str], given: dict[str, Any], output: Console) -> int:
    """Show earlier runs side by side."""
    if not names:
        raise click.UsageError("--compare needs the JSON files of some runs")
    try:
        outcomes = [read_outcome(name) for name in names]
    except OutcomeError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or error}") from None
    show_comparison(outcomes, labels_of(names), output)
    write_results(outcomes, given, labels_of(names))
    return OK


def labels_of(names: Sequence[str]) -> list[str]:
    """Return the names of files without what they share."""
    short = [os.path.splitext(os.path.basename(name))[0] for name in names]
    return short if len(set(short)) == len(short) else list(names)


def measure(plan: Plan, node: str, given: dict[str, Any]) -> Outcome:
    """Run the load. Raises AddressError, ConnectionFailed, Refused, LoadFailed."""
    drivers: list[Driver]
    if plan.is_embedded:
        from kvik.cli.bench_embedded import EmbeddedLoad, embedded_server

        server = embedded_server(given["dir"])
        drivers = [EmbeddedLoad(plan, given["dir"], given["fill"])]
    else:
        address = address_of(node, given)
        server = ask_server(address)
        if given["fill"]:
            fill(plan, address)
        drivers = [Worker(plan, process, address) for process in range(plan.processes)]
    return run(plan, server, drivers)


def run(plan: Plan, server: Server, drivers: Sequence[Driver]) -> Outcome:
    moment = shown_moment(Clock().tick())
    crew = Crew(drivers)
    with Screen(plan, screen_of(sys.stderr)) as screen:
        result = crew.run(int(plan.warm_up_seconds * SECOND_NS), screen)
    return outcome_of(result, plan, server, this_machine(), moment, shown_command_line(sys.argv[1:]))


def address_of(node: str, given: dict[str, Any]) -> Address:
    address = find_address(node, os.environ)
    address.user = given["user"] or address.user
    address.password = given["password"] or address.password
    return address


def fill(plan: Plan, address: Address) -> None:
    """Write every key. Raises ConnectionFailed, Refused."""
    material = material_of(plan)
    connection = Connection(address)
    for start in range(0, plan.keyspace, FILLED_AT_ONCE):
        numbers = range(start, min(start + FILLED_AT_ONCE, plan.keyspace))
        for reply in connection.call_all([material.write_of(number) for number in numbers]):
            if isinstance(reply, ReplyError):
                raise Refused(f"the keys could not be written: {reply}")
    connection.close()


def shown_command_line(arguments: Sequence[str]) -> str:
    """Return how the program was called, without passwords."""
    shown = ["kvik"]
    is_secret = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if is_secret:
            shown.append(STARS)
        elif name == "--password" and equals:
            shown.append(f"{name}={STARS}")
        elif argument.startswith("-a") and len(argument) > 2:
            shown.append(f"-a{STARS}")
        else:
            shown.append(hide_password(argument))
        is_secret = not is_secret and argument in ("--password", "-a")
    return shlex.join(shown).replace(f"'{STARS}'", STARS)


def write_results(outcomes: Sequence[Outcome], given: dict[str, Any], labels: Sequence[str] = ()) -> None:
    """Write what --json and --html ask for."""
    if given["json"] and not given["compare"]:
        write(given["json"], as_json(outcomes[0]))
    if given["html"]:
        from kvik.client.report.page import page

        write(given["html"], page(outcomes, labels or [outcomes[0].server.title()]))


def write(path: str, text: str) -> None:
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from None


def complain(text: str, code: int) -> int:
    click.echo(f"kvik: {text}", err=True)
    return code


command = BenchCommand(
    "bench",
    callback=bench,
    help=bench.__doc__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="[OPTIONS]",
    params=[
        click.Argument(["names"], nargs=-1, metavar="[NODE] [-- COMMAND ARG...]"),
        *[option for options in GROUPS.values() for option in options],
    ],
)
