"""`./client NODE COMMAND...`: one command, its answer, an exit code; without a command a filter or a shell.

Standard library only, and little of it: this runs on a Python that has nothing else, within milliseconds.
"""

import os
import sys

from kvik.client.address import Address, AddressError, find_address
from kvik.client.connection import Connection, ConnectionFailed, Refused
from kvik.errors import ReplyError
from kvik.replies import Reply, Status

OK, FAILED, WRONG_USE, NO_CONNECTION = 0, 1, 2, 3

USAGE = """\
usage: client [--user NAME] [--pass PASSWORD] [--tls] [NODE] [COMMAND ARGUMENT...]

NODE is host, host:port, [v6]:port, unix:PATH or a redis:// URL; 127.0.0.1:9736 unless given.
  client NODE set KEY VALUE    prints nothing
  client NODE get KEY          prints the value
  client NODE COMMAND ...      prints the answer
  client NODE                  a shell on a terminal, a filter in a pipe
"""

FEWEST_ARGUMENTS = {b"set": (2, "set KEY VALUE"), b"get": (1, "get KEY")}


class WrongUse(Exception):
    """The program was called in a way it does not know."""


class Call:
    """What the arguments of the program ask for."""

    def __init__(self, arguments: list[str]) -> None:
        """Read the arguments. Raises WrongUse or AddressError."""
        self.arguments = arguments
        self.user = ""
        self.password = ""
        self.is_tls = False
        self.wants_help = False
        rest = self._options(arguments)
        self.address = self._address(rest[0] if rest else "")
        self.words = [os.fsencode(word) for word in rest[1:]]

    def _options(self, arguments: list[str]) -> list[str]:
        """Read the options in front and return what follows them: a command may have words that look the same."""
        rest = list(arguments)
        while rest and rest[0].startswith("-"):
            name, equals, value = rest.pop(0).partition("=")
            if name in ("--user", "--pass"):
                if not equals and not rest:
                    raise WrongUse(f"{name} needs a value")
                self._credential(name, value if equals else rest.pop(0))
            elif name == "--tls":
                self.is_tls = True
            elif name in ("-h", "--help"):
                self.wants_help = True
            else:
                raise WrongUse(f"there is no option {name}")
        return rest

    def _credential(self, name: str, value: str) -> None:
        if name == "--user":
            self.user = value
        else:
            self.password = value

    def _address(self, node: str) -> Address:
        address = find_address(node, os.environ)
        address.user = self.user or address.user
        address.password = self.password or address.password
        address.is_tls = self.is_tls or address.is_tls
        return address


def main(arguments: list[str]) -> int:
    """Do what the arguments (without the program's name) ask for; return the exit code."""
    try:
        call = Call(arguments)
        if call.wants_help:
            sys.stdout.write(USAGE)
            return OK
        return run(call)
    except (WrongUse, AddressError) as error:
        return complain(f"{error}\n{USAGE.splitlines()[0]}", WRONG_USE)
    except ConnectionFailed as error:
        return complain(str(error), NO_CONNECTION)
    except Refused as error:
        return complain(str(error), FAILED)
    except BrokenPipeError:
        from kvik.client.conversation import end_quietly

        return end_quietly()
    except KeyboardInterrupt:
        return 130


def complain(text: str, code: int) -> int:
    sys.stderr.buffer.write(f"error: {text}\n".encode("utf-8", "surrogateescape"))
    return code


def run(call: Call) -> int:
    if call.words:
        return run_command(call.address, call.words)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return run_terminal(call)
    from kvik.client.conversation import converse, standard_input
    from kvik.client.remote import RemoteConversation

    return converse(RemoteConversation(call.address), standard_input())


def run_command(address: Address, words: list[bytes]) -> int:
    """Run one command and print its answer: nothing for `set`, the bare value for `get`."""
    name = words[0].lower()
    fewest, use = FEWEST_ARGUMENTS.get(name, (0, ""))
    if len(words) - 1 < fewest:
        raise WrongUse(f"wrong number of arguments: {use}")
    if name == b"get":
        del words[2:]
    connection = Connection(address)
    reply = connection.call(words)
    connection.close()
    if isinstance(reply, ReplyError):
        text = reply.message if reply.code == "ERR" else str(reply)
        return complain(text, FAILED)
    if name == b"get" and reply is None:
        return complain("not found", FAILED)
    if name == b"set" and reply is None and b"GET" not in [word.upper() for word in words[3:]]:
        return complain("not set", FAILED)
    if name != b"set" or not isinstance(reply, Status):
        show(words, reply)
    return OK


def show(words: list[bytes], reply: Reply) -> None:
    if not isinstance(reply, bytes):
        from kvik.client.remote import meaning
        from kvik.client.rendering import render

        reply = render(meaning(words, reply))
    sys.stdout.buffer.write(reply + b"\n")
    sys.stdout.buffer.flush()


def run_terminal(call: Call) -> int:
    """Talk with a person, on a Python with line editing where there is one."""
    from importlib.util import find_spec

    from kvik.client.shell import checkout_python

    python = checkout_python() if find_spec("prompt_toolkit") is None else ""
    if python:
        source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        program = [python, "-m", "kvik.client.oneshot", *call.arguments]
        os.execve(python, program, {**os.environ, "PYTHONPATH": source})
    return talk(call.address)


def talk(address: Address) -> int:
    from kvik.client import shell
    from kvik.client.hints import hints_from_docs
    from kvik.client.remote import RemoteConversation

    conversation = RemoteConversation(address, is_for_a_person=True)
    return shell.talk(conversation, hints_from_docs(conversation.ask([b"COMMAND", b"DOCS"])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
