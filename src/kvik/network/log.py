"""How log lines look: as Redis', or one JSON object a line."""

import json
import logging
import os
import sys
import time
from typing import TextIO

LEVELS = {
    "debug": logging.DEBUG,
    "verbose": logging.INFO - 5,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "nothing": logging.CRITICAL + 1,
}
MARKS = {logging.DEBUG: ".", logging.INFO - 5: "-", logging.INFO: "*"}


class TextFormatter(logging.Formatter):
    """`pid:M 20 Nov 2026 21:45:40.123 * message`, as Redis writes."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%d %b %Y %H:%M:%S", time.localtime(record.created))
        mark = MARKS.get(record.levelno, "#")
        line = f"{os.getpid()}:M {moment}.{int(record.msecs):03d} {mark} {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (seconds), level, pid, message, and error where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "pid": os.getpid(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class LineHandler(logging.StreamHandler[TextIO]):
    """Lines on standard output, which its reader may leave and a disk may have no room for: the server goes on."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def handleError(self, record: logging.LogRecord) -> None:
        if isinstance(sys.exception(), BrokenPipeError):
            # What is left in the buffer must not complain again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def start_logging(level: str, form: str, file: str) -> None:
    """Send kvik's log lines to `file`, or to standard output where it is empty. Raises OSError."""
    handler = logging.FileHandler(file, encoding="utf-8") if file else LineHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger("kvik")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(LEVELS[level])
