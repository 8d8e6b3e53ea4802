"""What the configuration pages and their REST endpoints check on the server, on top of splunktaucclib's handlers.

splunkd asks for the capability before it calls a handler (`capability.*` in restmap.conf), and gives
it the session of the user who asks: nothing is done with other rights than that user's.
"""

from __future__ import annotations

import os

from illumio_pce import log  # noqa: F401  (keeps splunk-sdk from logging what it sends)
from illumio_pce.environment import ignore_environment

ignore_environment()
os.environ["NETRC"] = os.devnull  # solnlib asks splunkd with requests, which would take a password from ~/.netrc
