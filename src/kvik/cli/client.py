"""`kvik client`: the same program as `./client`."""

import click

from kvik.client import oneshot


@click.command(
    "client", add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Talk to a server: a shell, a filter, or one command."""
    return oneshot.main(list(arguments))
