"""What can be said: one family of commands per file, and the list of those that are built in."""

from kvik.commands import strings, transactions

BUILT_IN = (strings.family, transactions.family)
