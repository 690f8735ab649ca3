"""`kvik exec`: commands from the arguments, answers on standard output."""

import os

import click

import kvik
from kvik.cli.conversation import EmbeddedConversation
from kvik.client.conversation import converse


@click.command("exec", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("commands", nargs=-1, required=True, metavar="COMMAND...")
def command(commands: tuple[str, ...]) -> int:
    """Run commands in a fresh database and print the answers: kvik exec 'SET a 1' 'GET a'.

    Exits with 1 if any of them was an error.
    """
    return converse(EmbeddedConversation(kvik.open()), [os.fsencode(line) + b"\n" for line in commands])
