#!/usr/bin/env bash
# The one command of this repository: ./build.sh help
set -euo pipefail

# Files that the caller names are relative to this folder; everything else is relative to the repository.
caller="$PWD"
here="${BASH_SOURCE[0]}"
while [ -L "$here" ]; do
    link="$(readlink "$here")"
    case "$link" in /*) here="$link" ;; *) here="$(dirname "$here")/$link" ;; esac
done
cd "$(dirname "$here")"
for part in environment dashboards verbs; do
    # shellcheck source=/dev/null
    source "tools/build/$part.sh"
done
trap 'say "build.sh: interrupted by Ctrl-C."; exit 130' INT

verb="${1:-build}"
[ $# -eq 0 ] || shift
case "$verb" in
    help | -h | --help) verb_help ;;
    build) verb_build "$@" ;;
    test) verb_test "$@" ;;
    replay) verb_replay "$@" ;;
    soak) verb_soak "$@" ;;
    export) verb_export "$@" ;;
    *) verb_workbench "$verb" "$@" ;;
esac
