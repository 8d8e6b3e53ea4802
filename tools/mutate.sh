#!/usr/bin/env bash
# Mutation testing of the collector with mutmut: tools/mutate.sh run ['illumio_pce.windows*'] | results | show MUTANT
# It works on a copy in .build/mutate, since mutmut wants the package in src/; results stay there, and a second run
# goes on from them. [tool.mutmut] in pyproject.toml names the modules.
set -euo pipefail
cd "$(dirname "$0")/.."
copy="$PWD/.build/mutate"
PATH="$PWD/.build/venv/bin:$PATH"
rm -rf "$copy"/{src,tests,workbench}
mkdir -p "$copy/src" "$copy/mutants/addon"
cp -R package/bin/illumio_pce "$copy/src"
cp -R tests workbench globalConfig.json pyproject.toml "$copy"
ln -sfn ../src "$copy/mutants/addon/bin"
cd "$copy"
# tests/conftest.py puts this add-on on the path
ADDON="$copy/mutants/addon" exec mutmut "$@"
