"""The samples kvik was asked for, pasted as they were given, with the answers they name."""

from typing import Final, NamedTuple


class Sample(NamedTuple):
    """What is piped in, and what must come out, line by line."""

    name: str
    given: str
    answers: list[str]


SAMPLES: Final = [
    Sample(
        "case 1, numbered",
        """\
1 | SET key1 value1
2 | SET key2 value2
3 | GET key1 // should return value1
4 | DEL key2 // deletes key2 and its value
5 | GET key2 // should return nil
6 | SET key2 newvalue2
""",
        ["OK", "OK", "value1", "1", "nil", "OK"],
    ),
    Sample(
        "story 1",
        """\
SET key1 value1
SET key2 value2
GET key1 // should return value1
DEL key2 // deletes key2 and its value
GET key2 // should return nil
SET key2 newvalue2
""",
        ["OK", "OK", "value1", "1", "nil", "OK"],
    ),
    Sample(
        "case 2",
        """\
SET counter 0
INCR counter // increments a "counter" key, if present and returns incremented
GET counter // returns 1
INCRBY counter 10 // increment by 10, returns 11
INCR foo // automatically creates a new key called "foo" and increments it by 1
""",
        ["OK", "1", "1", "11", "1"],
    ),
    Sample(
        "story 2",
        """\
SET counter 0
INCR counter // increments a "counter" key, if present and returns incremented value, in this case: 1
GET counter // returns 1
INCRBY counter 10 // increment by 10, returns 11
INCR foo // automatically creates a new key called "foo" and increments it by 1 and thus returns 1
""",
        ["OK", "1", "1", "11", "1"],
    ),
    Sample(
        "case 3, happy path, numbered",
        """\
1 | MULTI // starts a multi line commands
2 | INCR foo // queues this command, doesn't execute it immediately
3 | SET key1 value1 // queues this command, doesn't execute it immediately
4 | EXEC // execute all queued commands and returns output of all commands in an a
""",
        ["OK", "QUEUED", "QUEUED", "[1 value1]"],
    ),
    Sample(
        "story 3, happy path",
        """\
MULTI // starts a multi line commands
INCR foo // queues this command, doesn't execute it immediately
SET key1 value1 // queues this command, doesn't execute it immediately
EXEC // execute all queued commands and returns output of all commands in an array, thus returns: [1 value1]
""",
        ["OK", "QUEUED", "QUEUED", "[1 value1]"],
    ),
    Sample(
        "case 3, discard",
        """\
MULTI // starts a multi line commands
INCR foo // queues this command, doesn't execute it immediately
SET key1 value1 // queues this command, doesn't execute it immediately
DISCARD // discard all queued commands
GET key1 // returns nil as key1 doesn't exists
""",
        ["OK", "QUEUED", "QUEUED", "OK", "nil"],
    ),
    Sample(
        "case 4, example 1, numbered",
        """\
1 | SET counter 10
2 | INCR counter
3 | INCR counter
4 | SET foo bar
5 | GET counter // returns 12
6 | INCR counter
7 | COMPACT // this should return following output
""",
        ["OK", "11", "12", "OK", "12", "13", "SET counter 13", "SET foo bar"],
    ),
    Sample(
        "story 4, example 1",
        """\
SET counter 10
INCR counter
INCR counter
SET foo bar
GET counter // returns 12
INCR counter
COMPACT // this should return following output
""",
        ["OK", "11", "12", "OK", "12", "13", "SET counter 13", "SET foo bar"],
    ),
    Sample(
        "case 4, example 2",
        """\
1 | INCR counter // returns 1
2 | INCRBY counter 10 // returns 11
3 | GET counter // returns 11
4 | DEL counter // deletes counter
5 | COMPACT // this should compact to empty output as there's no keys present in the DB
""",
        ["1", "11", "11", "1"],
    ),
]
