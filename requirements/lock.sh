#!/usr/bin/env bash
# Resolves requirements/*.in anew into hash-pinned files. Run it after an edit; the build only reads what it wrote.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 -m venv .build/resolver
.build/resolver/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

lock() { # lock PYTHON INPUT OUTPUT [OPTION...]
    .build/resolver/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command ./requirements/lock.sh --python-version "$1" "$2" --output-file "$3" "${@:4}"
    echo "$3 follows $2"
}

lock 3.11 requirements/dev.in requirements/dev.txt
lock 3.11 requirements/node.in requirements/node.txt
lock 3.11 requirements/audit.in requirements/audit.txt
lock 3.11 requirements/cim.in requirements/cim.txt --no-deps
lock 3.9 requirements/shipped.in requirements/shipped.txt
lock 3.9 requirements/lib.in package/lib/requirements.txt --no-deps
