"""`kvik exec`: commands from the arguments, answers on standard output."""

import os

import click

from kvik.cli.conversation import EmbeddedConversation
from kvik.cli.opening import open_database
from kvik.client.conversation import converse


@click.command("exec", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dir", "directory", metavar="DIR", help="Use the database kept in this directory, made where missing.")
@click.argument("commands", nargs=-1, required=True, metavar="COMMAND...")
def command(commands: tuple[str, ...], directory: str | None) -> int:
    """Run commands and print the answers: kvik exec 'SET a 1' 'GET a'.

    They run in a fresh database in memory, or in the one that --dir names. Exits with 1 if any of them
    was an error.
    """
    lines = [os.fsencode(line) + b"\n" for line in commands]
    return converse(EmbeddedConversation(open_database(directory)), lines)
