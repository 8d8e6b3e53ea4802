# The page that shows the dashboards in the workbench, and their schema: Splunk's npm packages and a bundle in .build/dash.

# Puts a Node.js of 18 or later on PATH, with npm: the system's, or one from PyPI. Only ever in a subshell: the folder
# of the latter has a python as well, which has nothing of the project's environment.
enter_node() {
    node -e 'process.exit(Number(parseInt(process.versions.node) < 18))' 2>/dev/null && command -v npm >/dev/null && return
    # a subshell, since a failure here ends nothing
    (make_environment .build/node python requirements/node.txt) || return
    PATH="$PWD/.build/node/bin:$PATH"
    export PATH
}

# Makes the page, and again only when what it is made of changes. Where that fails, the rest goes on without it.
make_dashboard_page() (
    enter_node || { say "There is no Node.js 18 or later, and none could be installed: no dashboard is shown."; return; }
    # npm keeps what it downloads in the home folder, which some users may not write to, or do not have
    [ -w "${HOME:-}" ] || export npm_config_cache="${npm_config_cache:-$PWD/.build/npm-cache}"
    stamp="$(node -v) $(cat workbench/splunk/dashboards/page/* workbench/splunk/dashboards/page/.npmrc | cksum)"
    [ "$(cat .build/dash/stamp 2>/dev/null)" = "$stamp" ] && return
    say "Making the page that shows the dashboards (npm, 550 MB in .build/dash; the first time takes a minute or two) …"
    mkdir -p .build/dash
    rm -rf .build/dash/stamp .build/dash/bundle
    cp workbench/splunk/dashboards/page/* workbench/splunk/dashboards/page/.npmrc .build/dash/
    if (cd .build/dash && npm ci && node bundle.mjs) >.build/dash/log 2>&1; then
        printf '%s' "$stamp" >.build/dash/stamp
    else
        local cause
        cause="$(python tools/build/registry.py .build/dash/log)"
        say "The page could not be made, so no dashboard is shown. ${cause:-npm said: $(tail -5 .build/dash/log)}"
    fi
)
