# The page that shows the dashboards in the workbench, and their schema: Splunk's npm packages and a bundle in .build/dash.

# Makes the page, and again only when what it is made of changes. Where that fails, the rest goes on without it.
make_dashboard_page() (
    # npm keeps what it downloads in the home folder, which some users may not write to, or do not have
    [ -w "${HOME:-}" ] || export npm_config_cache="${npm_config_cache:-$PWD/.build/npm-cache}"
    stamp="$(node -v) $(cat workbench/splunk/dashboards/page/* workbench/splunk/dashboards/page/.npmrc | cksum)"
    [ "$(cat .build/dash/stamp 2>/dev/null)" = "$stamp" ] && return
    say "Building the dashboard page (npm, 550 MB in .build/dash; takes a minute or two the first time) …"
    mkdir -p .build/dash
    rm -rf .build/dash/stamp .build/dash/bundle
    cp workbench/splunk/dashboards/page/* workbench/splunk/dashboards/page/.npmrc .build/dash/
    if (cd .build/dash && npm ci && node bundle.mjs) >.build/dash/log 2>&1; then
        printf '%s' "$stamp" >.build/dash/stamp
    else
        local cause
        cause="$(python tools/build/registry.py .build/dash/log)"
        say "The page could not be built, so no dashboards are shown. ${cause:-npm said: $(tail -5 .build/dash/log)}"
    fi
)
