# Finds a Python for the launchers beside this folder; it is sourced and only defines functions.

is_new_enough() {
    "$1" -E -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Prints the interpreter to set up with: $PYTHON, otherwise the first new enough of python3 and its named versions.
find_interpreter() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "kvik needs Python 3.11 or newer, and ${PYTHON:-python3} is $(describe "${PYTHON:-python3}")." \
        "Install one (Debian 12 or newer: apt-get install python3), or name one: PYTHON=/path/to/python3 $0" >&2
    return 1
}

describe() {
    "$1" -E -S -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo "not there"
}
