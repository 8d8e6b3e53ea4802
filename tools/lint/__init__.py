"""What must never ship, and what AppInspect and ruff let pass: rules over the built add-on that fail the build.

`code` reads the Python, `content` the lookups and searches. `libraries.yml` holds what was found in bundled
libraries, looked at, and may stay.
"""
