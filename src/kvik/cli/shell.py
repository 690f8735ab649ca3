"""The bare `kvik`: a shell on a terminal, a filter in a pipe, over a database of its own."""

import os
import sys

import click

import kvik
from kvik.cli.conversation import EmbeddedConversation
from kvik.client.conversation import converse, standard_input


@click.command("kvik", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", required=False, metavar="[DIR]")
def command(directory: str | None = None) -> int:
    """Talk to a database in memory: a shell on a terminal, a filter in a pipe."""
    if directory is not None:
        raise click.UsageError(
            f"{directory}: this is no verb, and a database cannot be kept in a directory yet; leave DIR out"
        )
    conversation = EmbeddedConversation(kvik.open())
    if sys.stdin.isatty() and sys.stdout.isatty():
        return talk(conversation)
    return converse(conversation, standard_input())


def talk(conversation: EmbeddedConversation) -> int:
    from kvik.client import shell

    sys.stdout.write("kvik: a database in memory, gone when you leave. Tab completes, Ctrl+D leaves.\n")
    reader = shell.choose_reader(conversation.hints(), os.environ)
    return shell.run_shell(conversation, reader, shell.uses_colour(os.environ))
