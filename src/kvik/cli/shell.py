"""The bare `kvik`: a shell on a terminal, a filter in a pipe, over a database of its own."""

import sys

import click

from kvik.cli.conversation import EmbeddedConversation
from kvik.cli.opening import open_database
from kvik.client.conversation import converse, standard_input


@click.command("kvik", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", required=False, metavar="[DIR]")
def command(directory: str | None = None) -> int:
    """Talk to a database kept in DIR, or in memory: a shell on a terminal, a filter in a pipe."""
    conversation = EmbeddedConversation(open_database(directory))
    if sys.stdin.isatty() and sys.stdout.isatty():
        return talk(conversation, directory)
    return converse(conversation, standard_input())


def talk(conversation: EmbeddedConversation, directory: str | None) -> int:
    from kvik.client import shell

    place = "a database in memory, gone when you leave" if directory is None else f"the database in {directory}"
    sys.stdout.write(f"kvik: {place}. Tab completes, help tells about commands, Ctrl+D leaves.\n")
    return shell.talk(conversation, conversation.hints())
