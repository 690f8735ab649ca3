"""Replies are counted when they are complete, however they arrive."""

import pytest

from kvik.client.load.reply_counter import CODES_MAX, OTHER, ReplyCounter
from kvik.errors import ProtocolError

REPLIES = [
    b"+OK\r\n",
    b":12\r\n",
    b"$5\r\nhe\r\no\r\n",
    b"$0\r\n\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"-ERR no\r\n",
    b"*2\r\n$1\r\na\r\n*3\r\n:1\r\n$-1\r\n*0\r\n",
    b"%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n",
    b"_\r\n",
    b"#t\r\n",
    b",1.5\r\n",
    b"(123\r\n",
    b"=5\r\ntxt:a\r\n",
    b"!5\r\nERR a\r\n",
    b"|1\r\n+ttl\r\n:1\r\n$1\r\nx\r\n",
    b"*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
]


@pytest.mark.parametrize("reply", REPLIES)
def test_each_kind_of_reply_counts_once(reply: bytes) -> None:
    assert ReplyCounter().count(reply) == 1
    assert ReplyCounter().count(reply * 3) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_torn_replies_count_when_they_are_complete(size: int) -> None:
    data = b"".join(REPLIES)
    counter = ReplyCounter()
    counted = [counter.count(data[start : start + size]) for start in range(0, len(data), size)]
    assert sum(counted) == len(REPLIES)
    assert (counter.failed, counter.missing) == (2, 3)


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_counts_with_its_last_byte_and_not_before(reply: bytes) -> None:
    counter = ReplyCounter()
    assert [counter.count(reply[place : place + 1]) for place in range(len(reply))] == [0] * (len(reply) - 1) + [1]


def test_messages_that_nobody_asked_for_are_no_replies() -> None:
    counter = ReplyCounter()
    assert counter.count(b">2\r\n+message\r\n$1\r\nx\r\n+OK\r\n>1\r\n:1\r\n") == 1


def test_errors_are_counted_by_code() -> None:
    counter = ReplyCounter()
    counter.count(b"-ERR a\r\n-WRONGTYPE b\r\n-ERR c\r\n-LOADING\r\n*2\r\n:1\r\n-ERR in EXEC\r\n")
    assert counter.errors == {"ERR": 3, "WRONGTYPE": 1, "LOADING": 1}
    assert counter.failed == 5


def test_a_server_that_makes_up_codes_fills_no_memory() -> None:
    counter = ReplyCounter()
    counter.count(b"".join([b"-E%d x\r\n" % number for number in range(CODES_MAX + 10)]))
    assert len(counter.errors) == CODES_MAX + 1
    assert counter.errors[OTHER] == 10


@pytest.mark.parametrize(
    "data", [b"\r\n", b"HTTP/1.1 400\r\n", b"$x\r\n", b"*\r\n", b"$9999999999999999999\r\n", b"$-2x"]
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    counter = ReplyCounter()
    if data.endswith(b"\r\n"):
        with pytest.raises(ProtocolError):
            counter.count(data)
    else:
        assert counter.count(data) == 0


def test_what_is_forgotten_after_the_warm_up_are_counts_only() -> None:
    counter = ReplyCounter()
    counter.count(b"-ERR a\r\n$-1\r\n$5\r\nhel")
    counter.reset()
    assert counter.count(b"lo\r\n") == 1
    assert (counter.failed, counter.missing, counter.errors) == (0, 0, {})
