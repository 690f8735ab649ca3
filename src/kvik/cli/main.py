"""The program `kvik`: finds the verb and loads only what it needs."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click

VERBS = {
    "serve": "Serve a database over the network.",
    "client": "Talk to a server: a shell, a filter, or one command.",
    "exec": "Run commands and print the answers.",
    "bench": "Put a load on a server, or on the embedded database, and measure it.",
    "check": "Look through a database in a directory, and repair it when asked to.",
    "compact": "Write a database in a directory anew, as short as it can be.",
    "backup": "Write all data of a server or of a directory to a JSON file.",
    "restore": "Load a JSON file into a server or a directory, all or nothing.",
    "rewind": "Make a new directory with the data as it was at an earlier moment.",
    "import": "Take over the data that a redis-server kept in a directory.",
    "log": "Show what happened in a database in a directory, command by command.",
}
MODULES = {"import": "import_redis"}
"""Where a verb is a word of Python's, its module has another name."""
SHELL = "shell"
INTERRUPTED = 130
"""The exit code after Ctrl+C, as shells have it."""
SIMILARITY = 0.75
"""How like a verb a word must be to be taken for a slip of the fingers; `difflib` says it from 0 to 1."""

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
        module = import_module(f"kvik.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in VERBS:
            return super().resolve_command(ctx, args)
        self._refuse_what_is_no_directory(ctx, args)
        return SHELL, self.get_command(ctx, SHELL), args

    def _refuse_what_is_no_directory(self, ctx: click.Context, words: list[str]) -> None:
        """A directory nobody has made yet, and named like a verb, is more likely that verb; `get a` is a command."""
        word = words[0]
        if os.sep in word or os.path.exists(word):
            return
        close = "--help" if word == "help" else "".join(get_close_matches(word, VERBS, 1, SIMILARITY))
        if close:
            ctx.fail(f"{word}: there is no such verb; did you mean {close}? A directory of that name is ./{word}")
        if len(words) > 1:
            ctx.fail(f"{word}: there is no such verb; kvik exec 'COMMAND' and kvik client NODE COMMAND run commands")

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

    Without a verb it is a shell on a terminal and a filter in a pipe, over a database kept in DIR, or in
    memory without DIR.
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
    except OSError as error:
        from kvik.cli.opening import explained

        return complain(click.ClickException(explained(error)))
    return code if isinstance(code, int) else 0


def complain(error: click.ClickException) -> int:
    """Say in one line what is wrong, and after wrong use where help is; return the exit code."""
    text = error.format_message()
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "kvik"
        text = f"{text.rstrip('.')} (see {path.removesuffix(' ' + SHELL)} --help)"
    click.echo(f"kvik: {text}", err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
