#!/bin/sh
# What run.sh runs, in a process of its own: ./server with a telnet door. Wrong use ends with 2 and one line.
set -eu
usage="usage: source run.sh [PORT] [MAX_VOLUME] [TIMEOUT]"

refuse() {
    echo "run.sh: $1; $usage" >&2
    exit 2
}

is_number() {
    case $1 in
        '' | *[!0-9]* | ??????????*) return 1 ;;
    esac
}

case ${1-} in
    -h | --help)
        echo "$usage"
        echo "PORT of the telnet door [8080], MAX_VOLUME of the data such as 64mb or 1000keys [no limit], TIMEOUT:"
        echo "seconds people have to leave at Ctrl+C [5]; a second Ctrl+C closes at once."
        exit ;;
esac
[ $# -le 3 ] || refuse "three words at the most, not $#"
port=${1:-8080}
volume=${2:-0}
timeout=${3:-5}
{ is_number "$port" && [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; } || refuse "PORT is 1 to 65535, not '$port'"
is_number "$timeout" || refuse "TIMEOUT is whole seconds, not '$timeout'"

amount=${volume%%[!0-9]*}
case $(printf '%s' "${volume#"$amount"}" | tr '[:upper:]' '[:lower:]') in
    '' | b | k | kb | m | mb | g | gb | key | keys) [ -n "$amount" ] ;;
    *) false ;;
esac || refuse "MAX_VOLUME is a size such as 64mb or a number of keys such as 1000keys, not '$volume'"

set -- --listen "telnet://127.0.0.1:$port" --shutdown-timeout "$timeout"
[ "$volume" = 0 ] || set -- "$@" --max-volume "$volume"
exec "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")/server" "$@"
