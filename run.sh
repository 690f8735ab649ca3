#!/bin/sh
# Serves people over telnet: source run.sh [PORT] [MAX_VOLUME] [TIMEOUT], also ./run.sh or bash run.sh.
#
# Where it is sourced it must leave the shell as it was: no variable, no option, no exit. So the work is done by
# tools/telnet_server.sh, a program of its own, and this file only has to find it: $0 is this file where it is
# executed; a shell that sources it says where it is (bash, zsh), or it is in the folder one stands in.
if [ -n "${ZSH_VERSION-}" ]; then
    eval 'case $ZSH_EVAL_CONTEXT in
        *:file*) "${${(%):-%x}:A:h}/tools/telnet_server.sh" "$@" ;;
        *) exec "${0:A:h}/tools/telnet_server.sh" "$@" ;;
    esac'
elif [ -n "${BASH_VERSION-}" ] && [ "${BASH_SOURCE-}" != "$0" ]; then
    "$(dirname -- "$(readlink -f -- "$BASH_SOURCE")")/tools/telnet_server.sh" "$@"
elif case $(readlink -f -- "$0") in */run.sh) ;; *) false ;; esac then
    exec "$(dirname -- "$(readlink -f -- "$0")")/tools/telnet_server.sh" "$@"
elif [ -x ./tools/telnet_server.sh ]; then
    ./tools/telnet_server.sh "$@"
else
    echo "run.sh: this shell does not say where the file is that it sources: cd to its folder, or execute it" >&2
    (exit 2)
fi
