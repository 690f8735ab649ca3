"""The hallway: every request of every caller goes through `Engine.execute`. Knows no door and no command.

The steps are: find the command, check what its flags demand, queue it inside MULTI or run it, give
what changed to the journal, and serve the requests that waited for it.
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from kvik.clock import Clock
from kvik.commands.args import Args
from kvik.commands.family import Command, CommandTable
from kvik.declaration import (
    COMPOSITE,
    DENYOOM,
    IMMEDIATE,
    LOADING,
    MAY_REPLICATE,
    NO_AUTH,
    NO_MULTI,
    READONLY,
    SUBSCRIBED,
    WRITE,
    Declaration,
)
from kvik.errors import ReplyError, UnknownCommand, printed, wrong_arity
from kvik.journal.journal import Journal
from kvik.journal.level import LOWEST
from kvik.pause import WaitForPause
from kvik.replies import QUEUED, Reply, Wait, WaitForDisk
from kvik.request import Request
from kvik.services import House, Services, Usage
from kvik.session import NOWHERE, Outlet, Session
from kvik.settings import Settings
from kvik.store.databases import Databases
from kvik.store.eviction import EVICTED_AT_ONCE, Evictor
from kvik.store.keyspace import Keyspace
from kvik.store.snapshot import Snapshot
from kvik.store.value import Value
from kvik.volume import Planned, out_of_memory
from kvik.waiting import Interest

VOLUME: Final = ("maxmemory", "maxkeys", "maxmemory-policy")
"""The settings that say how much data there may be."""

# How much of an unknown command is repeated in its error, as Redis does.
SHOWN_ARGUMENTS_MAX: Final = 128


class Engine(Services):
    """One keyspace with its commands, callers and journal."""

    def __init__(
        self, table: CommandTable, clock: Clock, random: Random, journal: Journal, settings: Settings, house: House
    ) -> None:
        self._interest: Final = Interest(journal)
        databases = Databases(clock, self._interest, settings.databases)
        self._interest.attach(databases)
        super().__init__(clock, random, databases, settings, house)
        self._interest.notes = self.notes
        self.apply_notifications()
        self.limit_data()
        self._table: Final = table
        # The commands a journal needs a higher level for.
        self._levels: Final = {
            command.declaration.name.encode(): command.level for command in table.commands if command.level > LOWEST
        }
        self.journal = journal
        self._next_session = 0
        self._is_serving = False
        self._is_resuming = False

    def execute(self, session: Session, request: Request) -> Reply:
        """Answer one request. Errors are answers too; nothing is raised for what a client sent.

        A `Wait` means that the answer comes later through the session's outlet.
        """
        self.statistics.commands_processed += 1
        try:
            command = self._find(request.words)
            session.last_command = command.declaration
            self._check(session, command, request)
            if self.pause.is_engaged and self._has_to_wait(session, command):
                return self._postpone(session, request)
            if session.queue is not None and not command.flags & IMMEDIATE:
                if not session.is_doomed and not session.is_dirty:
                    session.queue.append(request)
                return QUEUED
        except ReplyError as error:
            session.is_doomed = True
            self.statistics.count_error(error.code)
            return error
        reply = self._run(session, command, request)
        if isinstance(reply, Wait):
            self._park(session, request, reply)
        if len(self._interest.signals) > 0 and not self._is_serving:
            self._serve_waiting()
        if self.databases.evictor is not None and not session.is_replay:
            self._keep_to_the_keys(self.databases.evictor)
        if self.pause.is_engaged:
            self._resume_if_over()
        return reply

    # Sessions

    def open_session(self, outlet: Outlet) -> Session:
        """Return the state for a new caller, authenticated where no password is set."""
        self._next_session += 1
        session = Session(self._next_session, self, outlet)
        session.authenticated = not self.settings.requirepass
        self.sessions[session.id] = session
        return session

    def close_session(self, session: Session) -> None:
        """Forget a caller and everything it had begun."""
        self.stop_waiting(session)
        session.end_transaction()
        self.readings.close(session.id)
        self.channels.leave_all(session)
        self.sessions.pop(session.id, None)
        session.outlet = NOWHERE

    # What handlers ask for

    def declarations(self) -> dict[bytes, Declaration]:
        return {command.declaration.name.encode(): command.declaration for command in self._table.commands}

    def usage(self) -> list[Usage]:
        return [command.usage for command in self._table.commands]

    def may_change(self, request: Request) -> bool:
        """Return whether a request is for a command that is not known to change nothing."""
        command = self._table.find(request.words[0])
        return command is not None and not command.flags & READONLY

    def reset_usage(self) -> None:
        for command in self._table.commands:
            command.usage.reset()

    def rebuild(self, space: Keyspace) -> Iterator[list[bytes]]:
        space.expire_all_members()
        for key, value in space.items():
            deadline = space.deadline(key)
            yield from self._table.rebuild(key, value, -1 if deadline is None else deadline)

    def rebuild_key(self, key: bytes, value: Value, deadline: int) -> Iterable[list[bytes]]:
        return self._table.rebuild(key, value, deadline)

    def level_of(self, name: bytes) -> int:
        return self._levels.get(name, LOWEST)

    def level(self) -> int:
        return self.journal.needed

    def changes(self) -> int:
        return self._interest.changes

    def apply_setting(self, name: str) -> None:
        self.apply_notifications()
        if name in VOLUME:
            self.limit_data()
        super().apply_setting(name)

    def apply_notifications(self) -> None:
        """Read which events are to be told."""
        self.notes.tell_of(self.settings.notify_keyspace_events)
        self.wants_events = self.notes.flags > 0
        self._interest.wants_added = self.wants_events

    def limit_data(self) -> None:
        """Read how much data there may be; `make_room` lets go what is too much."""
        settings = self.settings
        self.databases.limit(settings.maxmemory, settings.maxkeys, settings.maxmemory_policy, self.random)

    def make_room(self) -> bool:
        """Evict some of what is too much; return whether there is more to do. To be called between turns."""
        evictor = self.databases.evictor
        if evictor is None or self.is_loading or not evictor.is_behind() or self.pause.is_on(self.clock.now):
            return False
        return evictor.make_room(0, EVICTED_AT_ONCE) and evictor.is_behind()

    def use_journal(self, journal: Journal) -> None:
        self.journal = journal
        self._interest.journal = journal

    def begin_snapshot(self) -> Snapshot:
        for space in self.databases.spaces:
            space.expire_all_members()
        snapshot = Snapshot(self.databases, self.clock.now)
        self._interest.begin_snapshot(snapshot)
        return snapshot

    def end_snapshot(self, snapshot: Snapshot) -> None:
        self._interest.end_snapshot(snapshot)

    def run_all(self, session: Session, requests: list[Request]) -> list[Reply]:
        if not session.is_replay and not self.is_loading:
            self._refuse_transaction(session, requests)
        may_wait, is_executing = session.may_wait, session.is_executing
        session.may_wait = False
        session.is_executing = True
        self.journal.begin_group()
        try:
            return [self._answer_in_group(session, request) for request in requests]
        finally:
            self.journal.end_group()
            session.may_wait = may_wait
            session.is_executing = is_executing

    def _answer_in_group(self, session: Session, request: Request) -> Reply:
        try:
            command = self._find(request.words)
        except ReplyError as error:
            return error
        return self._run(session, command, request)

    def watch(self, session: Session, key: bytes) -> None:
        self._interest.watch(session, key)

    def unwatch(self, session: Session) -> None:
        if session.watching:
            self._interest.unwatch(session)

    # Waiting

    def give_up_waiting(self, session: Session) -> None:
        """The deadline of a parked request has passed: deliver what it answers then, or run it if it was postponed."""
        if isinstance(session.wait, WaitForPause):
            self._resume_if_over()
        elif session.wait is not None:
            self.answer_waiting(session, session.wait.otherwise)

    def answer_waiting(self, session: Session, reply: Reply) -> None:
        request = session.parked
        if request is not None:
            self.stop_waiting(session)
            session.outlet.deliver(request, reply)

    def stop_waiting(self, session: Session) -> None:
        """Forget the parked request of a session, if it has one."""
        wait = session.wait
        if wait is not None:
            self._interest.stop_waiting(session, wait.keys)
            self.pause.forget(session)
            session.parked = None
            session.wait = None

    def disk_moved(self) -> bool:
        is_served = False
        for session in self._interest.disk_waiters():
            self._try_again(session)
            is_served = is_served or session.parked is None
        return is_served

    def _park(self, session: Session, request: Request, wait: Wait) -> None:
        session.parked = request
        session.wait = wait
        if isinstance(wait, WaitForDisk):
            self._interest.wait_for_disk(session)
        else:
            self._interest.wait(session, wait.keys)

    # A pause

    def _has_to_wait(self, session: Session, command: Command) -> bool:
        """Return whether the pause holds a command up, after those that have waited may go on where it is over."""
        self._resume_if_over()
        if session.is_replay or not self.pause.is_on(self.clock.now):
            return False
        if self.pause.is_for_all or command.flags & (WRITE | MAY_REPLICATE):
            return True
        queue = session.queue if command.flags & COMPOSITE else None
        return queue is not None and any(self._find(each.words).flags & (WRITE | MAY_REPLICATE) for each in queue)

    def _postpone(self, session: Session, request: Request) -> Wait:
        self.statistics.commands_processed -= 1
        wait = WaitForPause(self.pause.until)
        session.parked = request
        session.wait = wait
        self.pause.wait(session)
        return wait

    def _resume_if_over(self) -> None:
        """Run what has waited for the end of the pause, first come first: it may block, or begin another pause."""
        if self.pause.is_on(self.clock.now) or self._is_resuming:
            return
        self._is_resuming = True
        try:
            for session in self.pause.taken():
                request = session.parked
                if request is not None:
                    self._resume(session, request)
        finally:
            self._is_resuming = False

    def _resume(self, session: Session, request: Request) -> None:
        self.stop_waiting(session)
        reply = self.execute(session, request)
        if session.wait is None:
            session.outlet.deliver(request, reply)
        else:
            session.outlet.wait()

    # Serving who waits

    def _serve_waiting(self) -> None:
        """Serve in the order of the signals; what is served may change keys others wait for."""
        self._is_serving = True
        try:
            while self._interest.signals:
                signals = self._interest.signals
                self._interest.signals = []
                for place in signals:
                    self._serve_those_who_wait_for(place)
        finally:
            self._is_serving = False

    def _serve_those_who_wait_for(self, place: tuple[int, bytes]) -> None:
        """Ask again in the order they came, until the key has gone: then nothing is left to be had there.

        Those who have to hear that it has gone are asked even so.
        """
        database, key = place
        space = self.databases.spaces[database]
        for session in self._interest.waiters(place):
            is_there = space.contains(key)
            if not is_there and self._interest.loss_hearers == 0:
                return
            wait = session.wait
            if wait is not None and (is_there or wait.hears_loss):
                wait.changed = key
                self._try_again(session)

    def _try_again(self, session: Session) -> None:
        request = session.parked
        if request is None:
            return
        reply = self._run(session, self._find(request.words), request)
        if not isinstance(reply, Wait):
            self.stop_waiting(session)
            session.outlet.deliver(request, reply)
        elif session.wait is not None:
            session.wait.otherwise = reply.otherwise

    # The steps of the hallway

    def _find(self, words: list[bytes]) -> Command:
        command = self._table.find(words[0])
        if command is None:
            raise unknown_command(words)
        if command.children and len(words) > 1:
            child = self._table.child(command, words[1])
            if child is None:
                name = command.declaration.name
                raise ReplyError(
                    "ERR", f"unknown subcommand '{printed(words[1][:SHOWN_ARGUMENTS_MAX])}'. Try {name} HELP."
                )
            command = child
        return command

    def _check(self, session: Session, command: Command, request: Request) -> None:
        objection = self._objection(session, command, len(request.words))
        if objection is None and self.databases.evictor is not None:
            objection = self._objection_for_room(session, command, request)
        if objection is not None:
            command.usage.rejected += 1
            if command.flags & COMPOSITE:
                session.end_transaction()
                raise discarded(objection)
            raise objection

    def _objection(self, session: Session, command: Command, words: int) -> ReplyError | None:
        """Return why a command may not run now, in the order in which Redis asks."""
        flags = command.flags
        if words < command.fewest_words or words > command.most_words:
            return wrong_arity(command.declaration.full_name())
        if not session.authenticated and not flags & NO_AUTH:
            return ReplyError("NOAUTH", "Authentication required.")
        if session.queue is not None and flags & NO_MULTI:
            return ReplyError("ERR", "Command not allowed inside a transaction")
        if session.is_listening and session.protocol == 2 and not flags & SUBSCRIBED:
            return only_listening(command.declaration.full_name())
        if self.is_loading and not flags & LOADING and not session.is_replay:
            return ReplyError("LOADING", "kvik is loading the dataset in memory")
        if self.journal.is_refusing and flags & WRITE:
            return self.journal.refusal()
        return None

    def _objection_for_room(self, session: Session, command: Command, request: Request) -> ReplyError | None:
        """Return why a command may not add data now. As in Redis, nothing at all is queued then."""
        evictor = self.databases.evictor
        if evictor is None or session.is_replay or self.is_loading:
            return None
        queue = session.queue
        if queue is not None and command.flags & COMPOSITE:
            # What is evicted for a transaction goes before anybody looks whether it was watched.
            self._planned(session, queue).has_room(evictor)
            return None
        is_queued = queue is not None and not command.flags & IMMEDIATE
        if not (command.flags & DENYOOM or is_queued) or evictor.is_at_ease(len(request.words)):
            return None
        return None if self._planned(session, [request]).has_room(evictor) else out_of_memory()

    def _planned(self, session: Session, requests: list[Request]) -> Planned:
        planned = Planned(session.keys)
        for request in requests:
            planned.add(self._find(request.words).declaration, request.words)
        return planned

    def _keep_to_the_keys(self, evictor: Evictor) -> None:
        """Evict what no gate has foreseen: a key in another database, or one evicted to make room for itself."""
        if evictor.limit.has_too_many_keys(0) and not self.is_loading:
            evictor.make_room(0, EVICTED_AT_ONCE)

    def _refuse_transaction(self, session: Session, requests: list[Request]) -> None:
        """Raise, as Redis does for EXEC, where a transaction was queued before what it does was refused."""
        refusal = self.journal.refusal() if self.journal.is_refusing else None
        evictor = self.databases.evictor
        if evictor is not None:
            planned = self._planned(session, requests)
            if planned.adds and not planned.has_room(evictor):
                raise discarded(out_of_memory())
        if refusal is None:
            return
        for request in requests:
            if self._find(request.words).flags & WRITE:
                raise discarded(refusal)

    def _run(self, session: Session, command: Command, request: Request) -> Reply:
        before = self._interest.changes
        database = session.keys.number
        command.usage.calls += 1
        reply: Reply
        if self.wants_events:
            self.notes.begin()
        try:
            reply = command.handler(session, Args(request.words, command.first_argument))
        except ReplyError as error:
            command.usage.failed += 1
            self.statistics.count_error(error.code)
            reply = error
        if self._interest.changes != before:
            self._record(session, command, database, request)
        elif len(session.effects) > 0:
            session.effects = []
        if self.wants_events:
            self.notes.tell_all(command.declaration, self.databases)
        return reply

    def _record(self, session: Session, command: Command, database: int, request: Request) -> None:
        session.last_write = self.journal.sequence + 1
        if len(session.effects) > 0:
            for words in session.effects:
                if words[0] in self._levels:
                    self.journal.need(self._levels[words[0]])
                self.journal.record_effect(database, words)
            session.effects = []
        elif not command.flags & COMPOSITE:
            if command.level > LOWEST:
                self.journal.need(command.level)
            self.journal.record(database, request)


def only_listening(name: str) -> ReplyError:
    """As Redis 7: on a RESP2 connection that listens, an answer could not be told from a message."""
    return ReplyError(
        "ERR",
        f"Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
        " context",
    )


def discarded(reason: ReplyError) -> ReplyError:
    """As Redis 7: what EXEC answers where it is refused itself; the transaction is over then."""
    told = reason.message if reason.code == "ERR" else f"{reason.code} {reason.message}"
    return ReplyError("EXECABORT", f"Transaction discarded because of: {told}")


def unknown_command(words: list[bytes]) -> UnknownCommand:
    """As Redis 7: the name and the first arguments, each cut, so that a huge request gives a short error."""
    arguments = ""
    for word in words[1:]:
        if len(arguments) >= SHOWN_ARGUMENTS_MAX:
            break
        arguments += f"'{printed(word[: SHOWN_ARGUMENTS_MAX - len(arguments)])}' "
    word = words[0][:SHOWN_ARGUMENTS_MAX]
    return UnknownCommand(word, f"unknown command '{printed(word)}', with args beginning with: {arguments}")
