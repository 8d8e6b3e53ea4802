# The Python environments under .build/, made once and again whenever their pinned requirements change.
# Everything said here goes to standard error: search, detect and conform own standard output.

say() { printf '%s\n' "$*" >&2; }
fail() { say "build.sh: $*"; exit 1; }

# Prints the path of a Python whose version is $1.x, from PATH or from pyenv; fails where there is none.
find_python() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/"$1".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Prints the path of a Python that the pinned tools run on.
builder_python() {
    if python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        command -v python3
        return
    fi
    find_python 3.13 || find_python 3.12 || find_python 3.11 || fail \
        "needs Python 3.11, 3.12 or 3.13. Install it (Debian, Ubuntu: apt-get install python3 python3-venv;" \
        "macOS: brew install python@3.13; anywhere: pyenv install 3.13), and try again."
}

# make_environment FOLDER PYTHON LOCK: a virtual environment that holds exactly what the lock file names.
make_environment() {
    local folder="$1" python="$2" lock="$3" stamp
    stamp="$("$python" -V) $(cksum <"$lock")"
    [ "$(cat "$folder/stamp" 2>/dev/null)" = "$stamp" ] && return
    say "Creating $folder from $lock ($("$python" -V)); this takes a minute or two the first time …"
    rm -rf "$folder"
    mkdir -p "$folder"
    "$python" -m venv "$folder" >"$folder.log" 2>&1 || fail_venv "$python" "$folder.log"
    local pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)
    "${pip[@]}" --no-deps --require-hashes --requirement="$lock" >>"$folder.log" 2>&1 ||
        fail_fetch pip "$folder.log" "$python"
    printf '%s' "$stamp" >"$folder/stamp"
}

# Ends where a log says that the disk is full.
fail_full() { ! grep -q 'No space left' "$1" || fail "the disk is full: $(grep 'No space left' "$1" | tail -1)"; }

# Says why no virtual environment could be made, and ends.
fail_venv() {
    fail_full "$2"
    fail "$1 cannot make a virtual environment (Debian, Ubuntu: apt-get install python3-venv). It said: $(tail -3 "$2")"
}

# fail_fetch TOOL LOG PYTHON: says why pip could not fetch something, and ends.
fail_fetch() {
    local cause
    fail_full "$2"
    cause="$("$3" tools/build/registry.py "$2")"
    fail "$1 failed. ${cause:-It said: $(grep -v '^WARNING' "$2" | tail -5)} (log: $2)"
}

# Makes the environment of everything that runs on the developer's Python, and puts it first on PATH.
enter_environment() {
    local python
    python="$(builder_python)"
    mkdir -p .build
    enter_lock "$python"
    make_environment .build/venv "$python" requirements/dev.txt
    # its data models are read; its plugin for pytest must not be loaded
    rm -f .build/venv/lib/python*/site-packages/pytest_splunk_addon-*.dist-info/entry_points.txt
    PATH="$PWD/.build/venv/bin:$PATH"
    export PATH
}

# One build.sh at a time changes .build/. The lock is on file descriptor 9, and ends with this process at the latest.
enter_lock() {
    exec 9>>.build/lock
    if ! locked "$1" 'LOCK_EX | fcntl.LOCK_NB'; then
        say "Waiting for another build.sh in this folder (process $(cat .build/lock)) …"
        locked "$1" LOCK_EX || true
    fi
    printf '%s' "$$" >.build/lock
}

locked() { "$1" -c "import fcntl; fcntl.flock(9, fcntl.$2)" 2>/dev/null; }

leave_lock() { exec 9>&-; }
