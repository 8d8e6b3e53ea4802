#!/usr/bin/env bash
# Resolves the dependency groups of pyproject.toml anew into hash-pinned files. Run it after an edit there.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 -m venv .build/resolver
.build/resolver/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

lock() { # lock PYTHON GROUP OUTPUT
    .build/resolver/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command ./requirements/lock.sh --python-version "$1" --group "$2" --output-file "$3"
    echo "$3 follows the group $2"
}

lock 3.11 dev requirements/dev.txt
lock 3.9 tests requirements/tests.txt
lock 3.9 lib package/lib/requirements.txt
