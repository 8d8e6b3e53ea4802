# What ./build.sh can do, one function each.

workbench_verbs=(demo search detect conform bench)

# Whether $1 is such a verb and its module is there.
has_workbench() {
    [[ " ${workbench_verbs[*]} " = *" $1 "* ]] && [ -f "workbench/$1.py" -o -f "workbench/$1/__main__.py" ]
}

explain() {
    case "$1" in
        demo) echo "try the add-on without Splunk and without a PCE" ;;
        search) echo "search event files without Splunk: ./build.sh search 'SPL' FILE…" ;;
        detect) echo "run every shipped detection on event files: ./build.sh detect FILE…" ;;
        conform) echo "run conformance cases through the workbench's engine: ./build.sh conform FILE…" ;;
        bench) echo "measure the collector's resource usage" ;;
    esac
}

verb_help() {
    local verb
    echo "./build.sh [COMMAND]"
    echo "  build     build the add-on in output/ and its archive in dist/ (the default)"
    echo "  test      run lint, type checks, all tests against the built add-on, and AppInspect"
    for verb in "${workbench_verbs[@]}"; do
        if has_workbench "$verb"; then printf '  %-9s %s\n' "$verb" "$(explain "$verb")"; fi
    done
    echo "  soak      run hours of simulated faults in minutes: ./build.sh soak [--minutes N] [--full]"
    echo "  export    write the detections as a project of contentctl: ./build.sh export FOLDER"
    echo "  replay    run our CIM cases against a Splunk with the add-on: ./build.sh replay https://HOST:8089"
    echo "  help      show this help"
}

build_addon() {
    say "Building the add-on (ucc-gen, about 10 seconds; skipped if nothing has changed) …"
    python -P tools/build/run.py tools.build >&2 || exit 1
}

verb_build() {
    enter_environment
    build_addon
    say "Next: ./build.sh test, or install the archive in Splunk (Apps → Manage Apps → Install app from file)."
}

verb_workbench() {
    has_workbench "$1" || { verb_help >&2; fail "unknown command: $1."; }
    enter_environment
    build_addon
    [ "$1" != demo ] || make_dashboard_page
    leave_lock
    run_module "workbench.$1" "${@:2}"
}

# Becomes a module of the repository, run in the caller's folder, out of which it imports nothing.
run_module() {
    local repository="$PWD"
    cd "$caller"
    exec env PYTHONPATH="$repository" python -P "$repository/tools/build/run.py" "$@"
}

verb_soak() {
    enter_environment
    build_addon
    leave_lock
    run_module tests.soak "$@"
}

verb_replay() {
    enter_environment
    leave_lock
    run_module tools.replay "$@"
}

verb_export() {
    enter_environment
    leave_lock
    run_module tools.contentctl "$@"
}

# lack TOOL CONSEQUENCE: something that not every machine has. It is told at the end; where CI=true, that is a failure.
lacking=()
lack() {
    say "$1 is not available here: $2."
    lacking+=("no $1: $2")
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
        lack "Python $1" "the shipped code is not tested on it, although Splunk ships it (pyenv install $1)"
        return
    fi
    make_environment ".build/python$1" "$python" requirements/tests.txt
    # The slow cases run once, with everything else: they are about memory and random histories, not about Python.
    step "Shipped code on Python $1" ".build/python$1/bin/python" -m pytest -q -n 2 -p no:cacheprovider tests/unit tests/stateful
}

# The environment of contentctl, apart from the tools: it pins other versions of what they use.
make_contentctl() {
    (make_environment .build/contentctl "$(builder_python)" requirements/contentctl.txt) ||
        lack contentctl "the export of the detections is not validated"
}

verb_test() {
    enter_environment
    step "Lint" ruff check .
    step "Format" ruff format --check .
    step "Types" mypy
    step "Python 3.9" vermin --quiet --target=3.9- --violations --no-tips package/bin
    build_addon
    make_dashboard_page
    step "Known vulnerabilities" python -m tools.audit
    test_on 3.9
    test_on 3.13
    make_contentctl
    leave_lock
    [ -f .build/dash/bundle/page.js ] || lack "npm (or access to its registry)" "no dashboards are rendered"
    command -v chromium chromium-browser google-chrome >/dev/null ||
        lack Chromium "no pages are tested in a browser (Debian, Ubuntu: apt-get install chromium)"
    python -c 'import magic' 2>/dev/null ||
        lack libmagic "AppInspect does not run (Debian, Ubuntu: apt-get install libmagic1; macOS: brew install libmagic)"
    command -v curl >/dev/null || lack curl "the commands in docs/ are not tested"
    # Many tests wait for a process or a browser: four share two cores well.
    step "Every suite on $(python -V)" python -m pytest -n 4 --dist worksteal -m "" -o "testpaths=tests workbench" "$@"
    [ ${#lacking[@]} -eq 0 ] || { say "" && say "Not tested here:" && printf '  %s\n' "${lacking[@]}" >&2; }
    [ "${CI:-}" != true ] || [ ${#lacking[@]} -eq 0 ] || failed+=("what CI should have: ${lacking[*]}")
    [ ${#failed[@]} -eq 0 ] && return
    printf 'Failed: %s\n' "${failed[@]}" >&2
    exit 1
}
