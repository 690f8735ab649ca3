"""What the commands of streams read and answer alike: IDs, ends of a range, groups, entries. Knows no command."""

from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError, printed
from kvik.replies import Reply
from kvik.store.consumer_group import ConsumerGroup
from kvik.store.stream import StreamValue
from kvik.store.stream_block import Entry
from kvik.store.stream_id import HIGHEST, LOWEST, NUMBER_MAX, StreamId, parse_id, text_of, up_to_zero

ALL_ENTRIES: Final = 1 << 62


def id_of(text: bytes, missing: int = 0) -> StreamId:
    """Return the ID a word is; `missing` is the number of one that is milliseconds only. Raises where it is none."""
    entry_id = parse_id(text, missing)
    if entry_id is None:
        raise invalid_id()
    return entry_id


def invalid_id() -> ReplyError:
    return ReplyError("ERR", "Invalid stream ID specified as stream command argument")


def lenient_id_of(text: bytes, missing: int = 0) -> StreamId:
    """As `id_of`; `-` is the lowest ID and `+` the highest."""
    seen = up_to_zero(text)
    if seen == b"-":
        return LOWEST
    return HIGHEST if seen == b"+" else id_of(text, missing)


def start_of(text: bytes) -> StreamId:
    """Return the first ID of a range that begins with a word, an ID or `(` and an ID."""
    if len(text) < 2 or text[:1] != b"(":
        return lenient_id_of(text)
    start = id_of(text[1:]).following()
    if start is None:
        raise ReplyError("ERR", "invalid start ID for the interval")
    return start


def end_of(text: bytes) -> StreamId:
    """Return the last ID of a range that ends with a word."""
    if len(text) < 2 or text[:1] != b"(":
        return lenient_id_of(text, NUMBER_MAX)
    end = id_of(text[1:], NUMBER_MAX).preceding()
    if end is None:
        raise ReplyError("ERR", "invalid end ID for the interval")
    return end


def ids_of(words: list[bytes]) -> list[StreamId]:
    return [id_of(word) for word in words]


def row_of(entry: Entry) -> Reply:
    """Return an entry as it is answered: its ID, and field, value, field, value and so on."""
    return [text_of(entry.ms, entry.seq), entry.fields]


def rows_of(entries: list[Entry]) -> list[Reply]:
    return [row_of(entry) for entry in entries]


def entry_of(stream: StreamValue, entry_id: StreamId) -> Entry | None:
    """Return the entry of an ID, None where there is none."""
    found = stream.range(entry_id, entry_id, 1)
    return found[0] if found else None


def existing_group(stream: StreamValue | None, key: bytes, name: bytes, context: str = "") -> ConsumerGroup:
    """Return a group of a stream. Raises NOGROUP where there is no such key or group."""
    group = None if stream is None else stream.group(name)
    if group is None:
        raise ReplyError("NOGROUP", f"No such key '{printed(key)}' or consumer group '{printed(name)}'{context}")
    return group


def group_of_stream(stream: StreamValue, key: bytes, name: bytes) -> ConsumerGroup:
    """As `existing_group` for a key that is there: Redis says it in other words then."""
    group = stream.group(name)
    if group is None:
        raise ReplyError("NOGROUP", f"No such consumer group '{printed(name)}' for key name '{printed(key)}'")
    return group


def unknown_form(container: str, subcommand: bytes) -> ReplyError:
    """Return Redis' error for a subcommand with words it does not know."""
    return ReplyError(
        "ERR",
        f"unknown subcommand or wrong number of arguments for '{printed(subcommand[:128])}'. Try {container} HELP.",
    )


def count_argument(args: Args) -> int:
    """Return the next word as a count: a negative one is 0."""
    return max(args.integer(), 0)
