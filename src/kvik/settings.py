"""Every setting in one documented record, and the places it may come from. Knows nobody who uses it.

The sources, each overruling the one before: the defaults below, a TOML file, environment variables
`KVIK_*`, flags. What is unknown or of the wrong kind is refused with the place it stands at.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, TypeAlias

import msgspec

from kvik.errors import SettingsError
from kvik.setting_kinds import (
    Addresses,
    Choice,
    Events,
    Kind,
    Number,
    Octal,
    OutputLimit,
    OutputLimits,
    Size,
    Text,
    Value,
    YesNo,
)

VARIABLE_PREFIX: Final = "KVIK_"
# Variables of that prefix that are not settings: how to build, which settings file, what tests may use.
OTHER_VARIABLES: Final = ("KVIK_COMPILE", "KVIK_CONFIG", "KVIK_TEST")

KB: Final = 1024
MB: Final = 1024 * KB
GB: Final = 1024 * MB
MOST: Final = 2**63 - 1

MAX_VOLUME: Final = "max-volume"
"""One text for the two settings of volume: `64mb` is `maxmemory`, `1000keys` is `maxkeys`, 0 is no limit."""
VOLUME_EXPECTED: Final = "a size such as 64mb or a number of keys such as 1000keys"
EVICTION_POLICIES: Final = (
    "volatile-lru",
    "allkeys-lru",
    "volatile-lfu",
    "allkeys-lfu",
    "volatile-random",
    "allkeys-random",
    "volatile-ttl",
    "noeviction",
)

Flag: TypeAlias = "str | Sequence[str] | None"


class Setting(msgspec.Struct, frozen=True):
    """What is said about one setting.

    `name` is Redis' name where Redis has the setting; `is_live` says whether CONFIG SET may change
    it; what could harm the machine or needs a new start is never live.
    """

    name: str
    kind: Kind
    meaning: str
    is_live: bool = False
    is_secret: bool = False

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        return VARIABLE_PREFIX + self.name.upper().replace("-", "_")


class Settings(msgspec.Struct, kw_only=True):
    """All settings with their defaults. Sizes are bytes, times are seconds unless the meaning says otherwise."""

    # Where to listen
    listen: Annotated[
        list[str],
        Setting("listen", Addresses(), "Addresses to serve, SCHEME://HOST:PORT or SCHEME:///PATH of a unix socket."),
    ] = msgspec.field(default_factory=lambda: ["auto://127.0.0.1:9736"])
    unixsocketperm: Annotated[
        int, Setting("unixsocketperm", Octal(), "Permissions of unix sockets, in octal; 0 leaves them to the umask.")
    ] = 0o700
    tcp_backlog: Annotated[
        int, Setting("tcp-backlog", Number(1, 65_535), "Connections the system may hold that were not yet accepted.")
    ] = 511
    tcp_keepalive: Annotated[
        int,
        Setting(
            "tcp-keepalive", Number(0, 2**31 - 1), "Seconds of silence before the system probes a peer; 0: never.", True
        ),
    ] = 300
    porch: Annotated[
        str,
        Setting(
            "porch",
            Choice(("auto", "poller", "asyncio")),
            "How sockets are served: by the own poller, by asyncio transports, or what the system allows.",
        ),
    ] = "auto"

    # Who may do what
    requirepass: Annotated[
        str, Setting("requirepass", Text(), "The password AUTH asks for; empty: none.", True, is_secret=True)
    ] = ""
    protected_mode: Annotated[
        bool,
        Setting("protected-mode", YesNo(), "Without a password, answer only callers from this machine.", True),
    ] = True
    enable_debug_command: Annotated[
        str,
        Setting(
            "enable-debug-command",
            Choice(("no", "yes", "local")),
            "Who may use DEBUG: nobody, everybody, or callers from this machine.",
        ),
    ] = "local"
    maxclients: Annotated[int, Setting("maxclients", Number(1, 2**32 - 1), "Connections at the same time.", True)] = (
        10_000
    )
    timeout: Annotated[
        int, Setting("timeout", Number(0, 2**31 - 1), "Seconds after which an idle caller is dropped; 0: never.", True)
    ] = 0

    # Limits
    databases: Annotated[int, Setting("databases", Number(1, 10_000), "How many numbered databases there are.")] = 16
    proto_max_bulk_len: Annotated[
        int, Setting("proto-max-bulk-len", Size(MB, MOST), "The largest word of a request, in bytes.", True)
    ] = 512 * MB
    client_query_buffer_limit: Annotated[
        int,
        Setting("client-query-buffer-limit", Size(MB, MOST), "Bytes of one caller's input held unanswered.", True),
    ] = GB
    client_output_buffer_limit: Annotated[
        dict[str, OutputLimit],
        Setting(
            "client-output-buffer-limit",
            OutputLimits(),
            "Per class of callers: bytes of unread answers that end the connection at once (hard), or after so many"
            " seconds (soft, seconds); 0: no limit. CLASS HARD SOFT SECONDS, several in a row.",
            True,
        ),
    ] = msgspec.field(
        default_factory=lambda: {
            "normal": OutputLimit(256 * MB, 0, 0),
            "slave": OutputLimit(256 * MB, 64 * MB, 60),
            "pubsub": OutputLimit(32 * MB, 8 * MB, 60),
        }
    )
    shutdown_timeout: Annotated[
        int,
        Setting("shutdown-timeout", Number(0, 2**31 - 1), "Seconds people have to leave before the server ends.", True),
    ] = 5

    # How much data
    maxmemory: Annotated[
        int,
        Setting("maxmemory", Size(0, MOST), "Bytes of memory all data may take; 0: any number.", True),
    ] = 0
    maxkeys: Annotated[
        int, Setting("maxkeys", Number(0, MOST), "Keys all databases may hold together; 0: any number.", True)
    ] = 0
    maxmemory_policy: Annotated[
        str,
        Setting(
            "maxmemory-policy",
            Choice(EVICTION_POLICIES),
            "What happens when there is more: noeviction refuses commands that add data; the others let keys go, all"
            " or those with a deadline, by last use (lru), frequency (lfu), chance or the nearest deadline (ttl).",
            True,
        ),
    ] = "noeviction"

    # What is kept
    appendfsync: Annotated[
        str,
        Setting(
            "appendfsync",
            Choice(("always", "everysec", "no")),
            "When an answer is safe from a power cut: before it leaves, in two seconds, or when the system decides.",
            True,
        ),
    ] = "everysec"
    auto_aof_rewrite_percentage: Annotated[
        int,
        Setting(
            "auto-aof-rewrite-percentage",
            Number(0, 2**31 - 1),
            "Compact the journal when it has grown by so many per cent since the last time; 0: never by itself.",
            True,
        ),
    ] = 100
    auto_aof_rewrite_min_size: Annotated[
        int,
        Setting(
            "auto-aof-rewrite-min-size", Size(0, MOST), "Bytes below which a journal is not compacted by itself.", True
        ),
    ] = 64 * MB
    keep_generations: Annotated[
        int,
        Setting(
            "keep-generations", Number(0, 10_000), "Older generations of the journal kept for going back in time.", True
        ),
    ] = 2
    keep_generations_days: Annotated[
        int,
        Setting(
            "keep-generations-days",
            Number(0, 36_500),
            "Days for which older generations are kept beyond their number.",
            True,
        ),
    ] = 0

    # What is said about it
    notify_keyspace_events: Annotated[
        int,
        Setting(
            "notify-keyspace-events",
            Events(),
            "Which changes of keys are published: K and E for the two kinds of channel, and letters of classes, A for"
            " all; empty: none.",
            True,
        ),
    ] = 0
    log_level: Annotated[
        str,
        Setting("loglevel", Choice(("debug", "verbose", "notice", "warning")), "The least that is logged.", True),
    ] = "notice"
    log_format: Annotated[str, Setting("log-format", Choice(("text", "json")), "How log lines look.")] = "text"
    logfile: Annotated[str, Setting("logfile", Text(), "The file log lines go to; empty: standard output.")] = ""

    def value(self, name: str) -> Value:
        """Return the value of the setting called `name`."""
        value: Value = getattr(self, FIELDS[name])
        return value

    def shown(self, name: str) -> str:
        """Return a value as CONFIG GET writes it."""
        return SETTINGS[name].kind.show(self.value(name))

    def put(self, name: str, text: str) -> None:
        """Set one setting from the form CONFIG SET reads. Raises ValueError with Redis' text."""
        kind = SETTINGS[name].kind
        setattr(self, FIELDS[name], kind.parse(text, self.value(name)))

    def check(self) -> None:
        """Raise SettingsError where a program has put in what no file, variable or flag could."""
        for name, setting in SETTINGS.items():
            value = self.value(name)
            expected = setting.kind.expected()
            try:
                meant = setting.kind.parse(value if isinstance(value, str) else setting.kind.show(value), value)
                if type(meant) is type(value) and meant == value:
                    continue
                expected = repr(meant)
            except (ValueError, TypeError, AttributeError):
                pass
            shown = setting.kind.expected() if setting.is_secret else f"{expected}, not {value!r}"
            raise SettingsError(f"{FIELDS[name]}: expected {shown}")

    def restore(self, name: str, value: Value) -> None:
        """Set one setting to a value it has had."""
        setattr(self, FIELDS[name], value)


def _declared() -> Iterator[tuple[str, Setting]]:
    for field, annotation in Settings.__annotations__.items():
        for metadata in getattr(annotation, "__metadata__", ()):
            yield field, metadata


SETTINGS: Final[dict[str, Setting]] = {setting.name: setting for _, setting in _declared()}
"""Every setting by its name, in the order of the record: CONFIG, the flags and the documentation read this."""

FIELDS: Final[dict[str, str]] = {setting.name: field for field, setting in _declared()}
"""The record's field behind each name."""


def load_settings(
    file: str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Flag] | None = None,
) -> Settings:
    """Return the settings of a program from all its sources.

    `flags` are by setting name; None and an empty sequence mean that the flag was not given. Raises
    SettingsError with the place of what cannot be used.
    """
    settings = Settings()
    if file is not None:
        _take_file(settings, file)
    for variable, text in sorted((environment or {}).items()):
        if variable.startswith(VARIABLE_PREFIX) and not variable.startswith(OTHER_VARIABLES):
            _take(settings, variable, variable.removeprefix(VARIABLE_PREFIX).lower(), text)
    for name, flag in (flags or {}).items():
        if flag is not None and flag != () and flag != []:
            _take(settings, f"--{name}", name, flag)
    return settings


def _take_file(settings: Settings, file: str) -> None:
    import tomllib

    try:
        with open(file, "rb") as stream:
            entries = tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"{file}: cannot read the settings: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: this is not TOML: {error}") from None
    for key, value in entries.items():
        _take(settings, f"{file}: {key}", key, value)


def _take(settings: Settings, place: str, key: str, value: object) -> None:
    name = key.replace("_", "-")
    if name == MAX_VOLUME:
        _take_volume(settings, place, value)
        return
    setting = SETTINGS.get(name)
    if setting is None:
        raise SettingsError(f"{place}: there is no such setting{_suggestion(name)}")
    given = " ".join(value) if isinstance(value, tuple) else value
    shown = "" if setting.is_secret else f", not {given!r}"
    try:
        text = setting.kind.from_toml(value)
        settings.put(name, text)
    except ValueError:
        raise SettingsError(f"{place}: expected {setting.kind.expected()}{shown}") from None


def _take_volume(settings: Settings, place: str, value: object) -> None:
    text = str(value).strip().lower()
    number = text.removesuffix("s").removesuffix("key")
    is_keys = number != text.removesuffix("s")
    try:
        if text == "":
            text = "0"
        settings.put("maxkeys" if is_keys else "maxmemory", number.rstrip() if is_keys else text)
        settings.put("maxmemory" if is_keys else "maxkeys", "0")
    except ValueError:
        raise SettingsError(f"{place}: expected {VOLUME_EXPECTED}, not {value!r}") from None


def _suggestion(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, SETTINGS, 1)
    return f"; did you mean {close[0]}?" if close else ""
