#!/usr/bin/env bash
# The one command of this repository: ./build.sh help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for part in environment dashboards verbs; do
    # shellcheck source=/dev/null
    source "tools/build/$part.sh"
done

verb="${1:-build}"
[ $# -eq 0 ] || shift
case "$verb" in
    help | -h | --help) verb_help ;;
    build) verb_build "$@" ;;
    test) verb_test "$@" ;;
    replay) verb_replay "$@" ;;
    soak) verb_soak "$@" ;;
    *) verb_workbench "$verb" "$@" ;;
esac
