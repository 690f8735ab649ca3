"""INFO: how the server is doing, in Redis' sections and field names. Says nothing that is not so."""

import sys
from collections.abc import Callable
from typing import Final, TypeAlias

from kvik.build_info import VERSION, build_name
from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ANY, DANGEROUS, LOADING, STALE
from kvik.replies import Reply, Verbatim
from kvik.services import REDIS_VERSION
from kvik.session import CHANNELS, PATTERNS, SHARD_CHANNELS, Session
from kvik.store.keyspace import Keyspace

family = Family("server")

Section: TypeAlias = Callable[[Session], list[str]]

SECONDS_PER_DAY: Final = 86_400
KB: Final = 1024.0


@family.command(
    "INFO",
    args=(0, ANY),
    flags=LOADING | STALE | DANGEROUS,
    summary="Returns information and statistics about the server.",
    syntax="[section [section ...]]",
)
def info(session: Session, args: Args) -> Reply:
    """As Redis 7: a section that is not known adds nothing; `default` leaves out what is long."""
    wanted = {word.decode("ascii", "replace").lower() for word in args.rest()} or {"default"}
    everything = "all" in wanted or "everything" in wanted
    texts: list[str] = []
    for name, title, is_default, section in SECTIONS:
        if everything or name in wanted or (is_default and "default" in wanted):
            texts.append("".join([f"{line}\r\n" for line in [f"# {title}", *section(session)]]))
    return Verbatim("\r\n".join(texts).encode("utf-8", "surrogateescape"))


def server(session: Session) -> list[str]:
    services = session.services
    now = services.clock.microseconds()
    uptime = max(services.clock.now - services.statistics.started, 0) // 1_000
    listeners = services.house.listening()
    return [
        f"redis_version:{REDIS_VERSION}",
        f"kvik_version:{VERSION}",
        f"kvik_build:{build_name()}",
        f"python_version:{'.'.join([str(number) for number in sys.version_info[:3]])}",
        "redis_mode:standalone",
        f"os:{services.house.system()}",
        f"arch_bits:{64 if sys.maxsize > 2**32 else 32}",
        f"process_id:{services.house.process_id()}",
        f"run_id:{services.run_id}",
        f"tcp_port:{first_port(listeners)}",
        f"server_time_usec:{now}",
        f"uptime_in_seconds:{uptime}",
        f"uptime_in_days:{uptime // SECONDS_PER_DAY}",
        f"executable:{sys.executable}",
        *[f"listener{number}:{listener(address)}" for number, address in enumerate(listeners)],
    ]


def first_port(listeners: list[str]) -> str:
    """Return the first port served, 0 where there is none."""
    for address in listeners:
        port = address.rpartition(":")[2]
        if port.isdigit():
            return port
    return "0"


def listener(address: str) -> str:
    """Return an address as INFO shows it: `name=auto,bind=127.0.0.1,port=9736`."""
    scheme, _, place = address.partition("://")
    if place.startswith("/"):
        return f"name={scheme},bind={place}"
    host, _, port = place.rpartition(":")
    return f"name={scheme},bind={host},port={port}"


def clients(session: Session) -> list[str]:
    services = session.services
    sessions = services.sessions.values()
    return [
        f"connected_clients:{len(sessions)}",
        "cluster_connections:0",
        f"maxclients:{services.settings.maxclients}",
        f"blocked_clients:{sum([other.wait is not None for other in sessions])}",
        f"watching_clients:{sum([len(other.watching) > 0 for other in sessions])}",
        "tracking_clients:0",
        f"pubsub_clients:{sum([other.is_listening for other in sessions])}",
    ]


def memory(session: Session) -> list[str]:
    """The memory in use is what the process holds: it is the figure a machine runs out of.

    With a limit it is what all data weigh: the figure that is held against `maxmemory`.
    """
    house = session.services.house
    settings = session.services.settings
    used = house.resident_bytes()
    evictor = session.services.databases.evictor
    counted = used if evictor is None else int(evictor.limit.bytes)
    peak = max(house.resident_bytes_max(), used)
    return [
        f"used_memory:{counted}",
        f"used_memory_human:{human(counted)}",
        f"used_memory_rss:{used}",
        f"used_memory_rss_human:{human(used)}",
        f"used_memory_peak:{peak}",
        f"used_memory_peak_human:{human(peak)}",
        f"used_memory_peak_perc:{100 * used / max(peak, 1):.2f}%",
        *([] if evictor is None else [f"used_memory_dataset:{counted}"]),
        f"maxmemory:{settings.maxmemory}",
        f"maxmemory_human:{human(settings.maxmemory)}",
        f"maxmemory_policy:{settings.maxmemory_policy}",
        f"maxkeys:{settings.maxkeys}",
        "mem_fragmentation_ratio:1.00",
        "mem_allocator:python",
    ]


def human(size: int) -> str:
    """Return a size with Redis' units: `918.97K`."""
    if size < KB:
        return f"{size}B"
    amount = size / KB
    unit = "K"
    for larger in ("M", "G", "T"):
        if amount >= KB:
            amount /= KB
            unit = larger
    return f"{amount:.2f}{unit}"


def persistence(session: Session) -> list[str]:
    """Redis' two ways to keep data are one here: a rewrite of the journal is what a save is, and nothing is forked."""
    services = session.services
    kept = services.persistence
    facts = REWRITE_FACTS | dict(kept.facts())
    facts |= {
        "loading": int(services.is_loading),
        "rdb_changes_since_last_save": services.changes() - kept.changes_saved,
        "rdb_last_save_time": kept.last_save,
        "aof_enabled": int(kept.is_kept()),
    }
    for name, source in SAME_FACTS:
        facts[name] = facts[source]
    return [f"{name}:{fact}" for name, fact in facts.items()]


def statistics(session: Session) -> list[str]:
    counted = session.services.statistics
    spaces = session.services.databases.spaces
    evictor = session.services.databases.evictor
    exceeded, exceeded_now = (0, 0) if evictor is None else evictor.milliseconds_over()
    return [
        f"total_connections_received:{counted.connections_received}",
        f"total_commands_processed:{counted.commands_processed}",
        f"total_net_input_bytes:{counted.bytes_read}",
        f"total_net_output_bytes:{counted.bytes_written}",
        f"rejected_connections:{counted.connections_rejected}",
        f"expired_keys:{sum([space.expired_keys for space in spaces])}",
        f"expired_subkeys:{sum([space.expired_members for space in spaces])}",
        f"evicted_keys:{sum([space.evicted_keys for space in spaces])}",
        f"total_eviction_exceeded_time:{exceeded}",
        f"current_eviction_exceeded_time:{exceeded_now}",
        f"keyspace_hits:{sum([space.hits for space in spaces])}",
        f"keyspace_misses:{sum([space.misses for space in spaces])}",
        f"pubsub_channels:{len(session.services.channels.names(CHANNELS))}",
        f"pubsub_patterns:{len(session.services.channels.names(PATTERNS))}",
        f"pubsubshard_channels:{len(session.services.channels.names(SHARD_CHANNELS))}",
        f"total_error_replies:{sum(counted.errors_by_code.values())}",
        f"kvik_protocol_errors:{counted.protocol_errors}",
        f"kvik_snapshots_open:{len(session.services.readings)}",
        f"colon_lines_dropped:{counted.colon_lines_dropped}",
        f"colon_lines_malformed:{counted.colon_lines_malformed}",
        f"colon_lines_refused:{counted.colon_lines_refused}",
    ]


def replication(session: Session) -> list[str]:
    return [
        "role:master",
        "connected_slaves:0",
        f"master_replid:{session.services.run_id}",
        "master_repl_offset:0",
    ]


def processor(session: Session) -> list[str]:
    in_program, in_system = session.services.house.processor_seconds()
    return [f"used_cpu_sys:{in_system:.6f}", f"used_cpu_user:{in_program:.6f}"]


def command_statistics(session: Session) -> list[str]:
    return [
        f"cmdstat_{usage.declaration.full_name()}:calls={usage.calls}"
        f",rejected_calls={usage.rejected},failed_calls={usage.failed}"
        for usage in session.services.usage()
        if usage.calls or usage.rejected
    ]


def error_statistics(session: Session) -> list[str]:
    counted = session.services.statistics.errors_by_code
    return [f"errorstat_{code}:count={count}" for code, count in sorted(counted.items())]


def cluster(session: Session) -> list[str]:
    return ["cluster_enabled:0"]


def keyspace(session: Session) -> list[str]:
    return [described(space) for space in session.services.databases.spaces if len(space) > 0]


def described(space: Keyspace) -> str:
    """Return the line of a database; as Redis 7.4 it counts the hashes whose fields die, where there are any."""
    line = f"db{space.number}:keys={len(space)},expires={space.with_deadline()},avg_ttl=0"
    dying = space.with_member_deadline()
    return f"{line},subexpiry={dying}" if dying else line


REWRITE_FACTS: Final[dict[str, int | str]] = {
    "loading": 0,
    "async_loading": 0,
    "current_cow_peak": 0,
    "current_cow_size": 0,
    "current_cow_size_age": 0,
    "current_fork_perc": "0.00",
    "current_save_keys_processed": 0,
    "current_save_keys_total": 0,
    "rdb_changes_since_last_save": 0,
    "rdb_bgsave_in_progress": 0,
    "rdb_last_save_time": 0,
    "rdb_last_bgsave_status": "ok",
    "rdb_last_bgsave_time_sec": -1,
    "rdb_current_bgsave_time_sec": -1,
    "rdb_saves": 0,
    "rdb_last_cow_size": 0,
    "aof_enabled": 0,
    "aof_rewrite_in_progress": 0,
    "aof_rewrite_scheduled": 0,
    "aof_last_rewrite_time_sec": -1,
    "aof_current_rewrite_time_sec": -1,
    "aof_last_bgrewrite_status": "ok",
    "aof_rewrites": 0,
    "aof_rewrites_consecutive_failures": 0,
    "aof_last_write_status": "ok",
    "aof_last_cow_size": 0,
}
"""What Redis 7 tells of persistence in every server, in its order, as it is where nothing is kept."""

SAME_FACTS: Final = (
    ("rdb_bgsave_in_progress", "aof_rewrite_in_progress"),
    ("rdb_last_bgsave_status", "aof_last_bgrewrite_status"),
    ("rdb_last_bgsave_time_sec", "aof_last_rewrite_time_sec"),
    ("rdb_current_bgsave_time_sec", "aof_current_rewrite_time_sec"),
    ("rdb_saves", "aof_rewrites"),
)
"""Names under which clients look for the same thing, after BGSAVE and after BGREWRITEAOF."""

SECTIONS: Final[tuple[tuple[str, str, bool, Section], ...]] = (
    ("server", "Server", True, server),
    ("clients", "Clients", True, clients),
    ("memory", "Memory", True, memory),
    ("persistence", "Persistence", True, persistence),
    ("stats", "Stats", True, statistics),
    ("replication", "Replication", True, replication),
    ("cpu", "CPU", True, processor),
    ("commandstats", "Commandstats", False, command_statistics),
    ("errorstats", "Errorstats", True, error_statistics),
    ("cluster", "Cluster", True, cluster),
    ("keyspace", "Keyspace", True, keyspace),
)
"""Name, title, whether it is shown unasked, and what is in it; in Redis' order."""
