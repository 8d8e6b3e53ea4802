"""Makes the installable add-on out of `package/`, `globalConfig.json` and `app.manifest`."""
