"""The options of `kvik bench`, in groups, and the plan they make. Starts nothing."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from kvik.client.load import plan as planning
from kvik.client.load.plan import Plan, PlanError

REQUESTS_USUAL = 100_000
CLIENTS_MAX = 100_000
COMMAND = "kvik.bench.command"
"""Where the words behind `--` stand in the context."""

EXAMPLES = """\
  kvik bench                                      a kvik on this machine, 100,000 requests
  kvik bench 127.0.0.1:6379 -P 16 -n 1m           redis-server, sixteen requests at a time
  kvik bench -s 30 --warmup 5 --distribution zipf half a minute on a few hot keys
  kvik bench --rate 20k -s 30 --html bench.html   what users see at 20,000 requests a second
  kvik bench -r 1k -- LPUSH list:__key__ __value__
  kvik bench --embedded --dir data --mix 50       no network: the database in this process
  kvik bench --compare a.json b.json --html both.html"""


Parse = Callable[[str], object]


def option(names: Sequence[str], parse: Parse, metavar: str, help_text: str, usual: str | None = None) -> click.Option:
    """Return an option whose text `parse` understands, or refuses with PlanError."""

    def convert(ctx: click.Context, parameter: click.Parameter, value: str | None) -> object:
        try:
            return None if value is None else parse(value)
        except PlanError as error:
            raise click.BadParameter(str(error), ctx, parameter) from None

    return click.Option(names, metavar=metavar, help=help_text, default=usual, callback=convert)


HOW_MUCH = [
    option(["-n", "--requests"], planning.parse_number, "N", "How many requests. [100k, no limit with -s]"),
    option(["-s", "--seconds"], planning.parse_seconds, "S", "How long; with -n whatever comes first."),
    option(["-c", "--clients"], planning.parse_number, "N", "Connections at once. [50]"),
    option(["-P", "--pipeline"], planning.parse_number, "N", "Requests a client has on their way at once. [1]"),
    option(
        ["--rate"],
        planning.parse_number,
        "N",
        "Open loop: so many requests become due a second, whether the server is ready or not, and latency counts"
        " from then. [closed loop: a client sends when it has its replies]",
    ),
    option(["--warmup"], planning.parse_seconds, "S", "Load before the measurement, not counted."),
    option(["--processes"], planning.parse_number, "N", "Processes that make the load. [half of the cores]"),
]
WHAT = [
    option(["--mix"], planning.parse_percent, "PERCENT", "Reads (GET); the others are writes (SET). [80]"),
    option(["-r", "--keyspace"], planning.parse_number, "N", "How many different keys. [100k]"),
    option(
        ["--distribution"],
        planning.parse_distribution,
        "NAME",
        "uniform, zipf (a few keys are hot) or zipf:EXPONENT. [uniform; zipf is zipf:0.99]",
        "uniform",
    ),
    option(
        ["-d", "--value-size"],
        planning.parse_sizes,
        "SIZE",
        "Bytes of a value, or MIN-MAX: 64, 1kb, 10-1000. [64]",
        "64",
    ),
    click.Option(["--fill"], is_flag=True, help="Write every key first, so that reads find something."),
    click.Option(["--seed"], type=int, default=1, metavar="N", help="The same seed sends the same requests. [1]"),
]
WHERE = [
    click.Option(["--user"], default="", metavar="NAME", help="Log in as this user."),
    click.Option(["-a", "--password"], default="", metavar="TEXT", help="Log in; REDISCLI_AUTH is read as well."),
    click.Option(["--embedded"], is_flag=True, help="No server: one caller and the database in one process."),
    click.Option(["--dir"], metavar="DIR", help="Where the embedded database keeps its data. [in memory]"),
]
RESULTS = [
    click.Option(["--json"], metavar="FILE", help="Write all that was measured as JSON; - is standard output."),
    click.Option(["--html"], metavar="FILE", help="Write a page with the latency curve and all figures."),
    click.Option(["--compare"], is_flag=True, help="Measure nothing: show JSON files of earlier runs side by side."),
]
GROUPS: dict[str, Sequence[click.Option]] = {
    "How much": HOW_MUCH,
    "What": WHAT,
    "Where": WHERE,
    "Results": RESULTS,
}


class BenchCommand(click.Command):
    """A command whose words may follow `--`, and whose options are shown in groups."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            place = args.index("--")
            args, ctx.meta[COMMAND] = args[:place], args[place + 1 :]
            if not ctx.meta[COMMAND]:
                raise click.UsageError("the command behind -- is missing", ctx)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for name, options in GROUPS.items():
            with formatter.section(name):
                formatter.write_dl([record for record in [each.get_help_record(ctx) for each in options] if record])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Places in a command"):
            formatter.write_dl(
                [
                    ("__key__", "The number of a key, as often as --distribution says."),
                    ("__rand_int__", "Any number below --keyspace, as redis-benchmark writes it."),
                    ("__value__", "A value of --value-size."),
                ]
            )
        formatter.write_paragraph()
        formatter.write(f"Examples:\n{EXAMPLES}\n")
        formatter.write("\nExit codes: 0, 1 a request failed, 2 wrong use, 3 no connection, 130 interrupted.\n")


def plan_of(given: dict[str, Any], command: list[str]) -> Plan:
    """Return the plan that the options make. Raises UsageError."""
    if command and given["mix"] is not None:
        raise click.UsageError("--mix is about GET and SET: leave it out with a command of your own")
    embedded: bool = given["embedded"]
    clients = 1 if embedded else given["clients"] or 50
    if clients > CLIENTS_MAX:
        raise click.UsageError(f"-c: {CLIENTS_MAX:,} clients are the most")
    requests = given["requests"] or (0 if given["seconds"] else REQUESTS_USUAL)
    pipeline = 1 if embedded else given["pipeline"] or 1
    processes = 1 if embedded else min(clients, given["processes"] or planning.usual_processes(clients))
    low, high = given["value_size"]
    return Plan(
        clients,
        requests,
        given["seconds"] or 0.0,
        given["warmup"] or 0.0,
        pipeline,
        given["keyspace"] or 100_000,
        given["distribution"],
        low,
        high,
        80.0 if given["mix"] is None else given["mix"],
        command,
        given["seed"],
        processes,
        float(given["rate"] or 0),
        embedded,
    )


def check_place(given: dict[str, Any], names: tuple[str, ...]) -> None:
    """Refuse what means nothing together. Raises UsageError."""
    if given["dir"] and not given["embedded"]:
        raise click.UsageError("--dir is the directory of --embedded")
    if not given["embedded"]:
        if len(names) > 1:
            raise click.UsageError(f"one server at a time, not {' and '.join(names)}; a command stands behind --")
        return
    if names:
        raise click.UsageError(f"--embedded has no server: leave {names[0]} out")
    for name in ("clients", "pipeline", "processes", "rate"):
        if given[name]:
            raise click.UsageError(f"--embedded has one caller and no network: leave --{name} out")


def check_results(given: dict[str, Any]) -> None:
    """Refuse what could not be written when the load is over. Raises UsageError."""
    for name in ("json", "html"):
        path = given[name] or "-"
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise click.UsageError(f"--{name}: there is no folder {folder}")
        if path != "-" and (os.path.isdir(path) or not os.access(path if os.path.exists(path) else folder, os.W_OK)):
            raise click.UsageError(f"--{name}: {path} cannot be written")
