"""The program `kvik`: finds the verb and loads only what it needs."""

import sys
from importlib import import_module

import click

VERBS = {
    "serve": "Serve a database over the network.",
    "client": "Talk to a server: a shell, a filter, or one command.",
    "exec": "Run commands in a fresh database and print the answers.",
    "check": "Look through a database in a directory, and repair it when asked to.",
    "log": "Show what happened in a database in a directory, command by command.",
}
SHELL = "shell"
INTERRUPTED = 130
"""The exit code after Ctrl+C, as shells have it."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Verbs(click.Group):
    """The verbs, each a module of this package with a command called `command`.

    What is no verb is the directory of the shell: `kvik [DIR]`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS and cmd_name != SHELL:
            return None
        module = import_module(f"kvik.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in VERBS:
            return super().resolve_command(ctx, args)
        return SHELL, self.get_command(ctx, SHELL), args

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the verbs without loading them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def print_version(ctx: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not ctx.resilient_parsing:
        from kvik.build_info import VERSION, is_compiled

        click.echo(f"kvik {VERSION} ({'compiled' if is_compiled() else 'interpreted'})")
        ctx.exit()


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings=CONTEXT,
    options_metavar="",
    subcommand_metavar="[DIR | VERB ...]",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print version and build.",
)
@click.pass_context
def kvik(ctx: click.Context) -> None:
    """A key-value database that speaks Redis' protocol and plain text.

    Without a verb it is a shell on a terminal and a filter in a pipe, over a database in memory.
    """
    if ctx.invoked_subcommand is None:
        from kvik.cli.shell import command

        ctx.exit(ctx.invoke(command))


def main() -> int:
    """Run the program with the arguments it was started with; return its exit code."""
    try:
        code = kvik.main(prog_name="kvik", standalone_mode=False)
    except click.ClickException as error:
        return complain(error)
    except click.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def complain(error: click.ClickException) -> int:
    """Say in one line what is wrong, and where help is; return the exit code."""
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx is not None else "kvik"
    click.echo(f"kvik: {error.format_message().rstrip('.')} (see {path.removesuffix(' ' + SHELL)} --help)", err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
