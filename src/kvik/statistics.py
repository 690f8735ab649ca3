"""What is counted while the program runs, for INFO. Knows nothing of who counts."""

from kvik.clock import Clock


class Statistics:
    """Counters since the start, or since CONFIG RESETSTAT."""

    def __init__(self, clock: Clock) -> None:
        self.started = clock.now
        self.reset()

    def reset(self) -> None:
        self.connections_received = 0
        self.connections_rejected = 0
        self.commands_processed = 0
        self.errors_by_code: dict[str, int] = {}
        self.bytes_read = 0
        self.bytes_written = 0
        self.protocol_errors = 0
        # Of the colon door: replies a client did not read, lines that are no request, requests answered with an error.
        self.colon_lines_dropped = 0
        self.colon_lines_malformed = 0
        self.colon_lines_refused = 0

    def count_error(self, code: str) -> None:
        self.errors_by_code[code] = self.errors_by_code.get(code, 0) + 1
