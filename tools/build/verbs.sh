# What ./build.sh can do, one function each.

workbench_verbs=(demo search detect conform bench)

# Whether $1 is such a verb and its module is there.
has_workbench() {
    [[ " ${workbench_verbs[*]} " = *" $1 "* ]] && [ -f "workbench/$1.py" -o -f "workbench/$1/__main__.py" ]
}

explain() {
    case "$1" in
        demo) echo "try the add-on without a Splunk and without a PCE" ;;
        search) echo "search event files without a Splunk: ./build.sh search 'SPL' FILE…" ;;
        detect) echo "run every shipped detection on event files: ./build.sh detect FILE…" ;;
        conform) echo "run conformance cases through the workbench's engine: ./build.sh conform FILE…" ;;
        bench) echo "measure what the collector needs" ;;
    esac
}

verb_help() {
    local verb
    echo "./build.sh [VERB]"
    echo "  build     the add-on into output/, its archive into dist/ (what no verb means)"
    echo "  test      lint, types, every suite against the built add-on, AppInspect"
    for verb in "${workbench_verbs[@]}"; do
        if has_workbench "$verb"; then printf '  %-9s %s\n' "$verb" "$(explain "$verb")"; fi
    done
    echo "  soak      hours among faults, in minutes: ./build.sh soak [--minutes N] [--full]"
    echo "  replay    our CIM cases against a Splunk that has the add-on: ./build.sh replay https://HOST:8089"
    echo "  help      this"
}

build_addon() {
    say "Building the add-on (ucc-gen, some 10 seconds; nothing when nothing changed) …"
    python -m tools.build >&2 || exit 1
}

verb_build() {
    enter_environment
    build_addon
    say "Next: ./build.sh test, or install the archive in Splunk (Apps → Manage Apps → Install app from file)."
}

verb_workbench() {
    has_workbench "$1" || { verb_help >&2; fail "there is no verb $1."; }
    enter_environment
    build_addon
    [ "$1" != demo ] || make_dashboard_page
    leave_lock
    exec python -m "workbench.$1" "${@:2}"
}

verb_soak() {
    enter_environment
    build_addon
    leave_lock
    exec python -m tests.soak "$@"
}

verb_replay() {
    enter_environment
    exec python -m tools.replay "$@"
}

# step WHAT COMMAND…: runs one part of the tests; what fails is told at the end, and hides nothing that follows.
failed=()
step() {
    say ""
    say "$1 …"
    "${@:2}" || failed+=("$1")
}

# The suites of the shipped code on a Python that Splunk brings, with the libraries that ship.
test_on() {
    local python
    if ! python="$(find_python "$1")"; then
        say "Python $1, which Splunk brings, is not installed here: the shipped code is not tested on it."
        return
    fi
    make_environment ".build/python$1" "$python" requirements/shipped.txt
    step "Shipped code on Python $1" ".build/python$1/bin/python" -m pytest -q -p no:cacheprovider tests/unit tests/stateful
}

verb_test() {
    enter_environment
    step "Lint" ruff check .
    step "Format" ruff format --check .
    step "Types" mypy
    build_addon
    make_dashboard_page
    make_environment .build/audit "$(builder_python)" requirements/audit.txt
    step "Known vulnerabilities" python -m tools.audit
    test_on 3.9
    test_on 3.13
    leave_lock
    command -v chromium chromium-browser google-chrome >/dev/null ||
        say "There is no Chromium here: no page is opened (Debian, Ubuntu: apt-get install chromium)."
    step "Every suite on $(python -V)" python -m pytest -n 2 "$@"
    [ ${#failed[@]} -eq 0 ] && return
    printf 'Failed: %s\n' "${failed[@]}" >&2
    exit 1
}
