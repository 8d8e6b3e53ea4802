"""A small add-on of the tests' own: one modular input, one REST handler, one page, nothing of UCC's."""

from __future__ import annotations

from pathlib import Path

APP = "TA_sample"
STANZA = "sample_input://one"

_FILES = {
    "default/app.conf": "[install]\nbuild = 7\n[launcher]\nversion = 1.2.3\n",
    "default/collections.conf": "[sample_states]\n",
    "default/sample_settings.conf": "[logging]\nloglevel = INFO\n",
    "default/inputs.conf": "[sample_input]\ninterval = 60\nindex = default\npython.version = python3\n"
    "start_by_shell = false\n",
    "default/restmap.conf": """
[admin:sample]
match = /
members = sample_account
capability.post = (admin_all_objects or edit_tcp) and list_inputs
[admin_external:sample_account]
handlertype = python
handlerfile = sample_handler.py
handleractions = create, list, edit
handlerpersistentmode = true
""",
    "default/web.conf": """
[expose:sample_account]
pattern = sample_account
methods = POST, GET
[expose:sample_account_one]
pattern = sample_account/*
methods = GET
""",
    "default/data/ui/views/configuration.xml": '<view template="TA_sample:/templates/base.html" type="html"/>',
    "appserver/templates/base.html": "<html><title>sample</title></html>",
    "appserver/static/page.js": "page();",
    "metadata/default.meta": """
[]
access = read : [ * ], write : [ admin, sc_admin ]
[sample_open]
access = read : [ * ], write : [ * ]
""",
    "README/inputs.conf.spec": "[sample_input://<name>]\nscript = <string>\n",
    # The input does what its setting `script` says, so that each test can write what it likes.
    "bin/sample_input.py": '''
import os, signal, sys, time
import xml.etree.ElementTree as ET

SCHEME = """<scheme><title>Sample</title><streaming_mode>xml</streaming_mode>
<use_external_validation>true</use_external_validation><use_single_instance>false</use_single_instance>
<endpoint><args><arg name="script"><required_on_create>true</required_on_create></arg></args></endpoint></scheme>"""

if sys.argv[1:] == ["--scheme"]:
    print(SCHEME)
elif sys.argv[1:] == ["--validate-arguments"]:
    item = ET.parse(sys.stdin).getroot().find("item")
    if item.findtext("param[@name='script']") == "bad":
        print("<error><message>that is a &lt;bad&gt; script</message></error>")
        sys.exit(1)
else:
    root = ET.parse(sys.stdin).getroot()
    params = {param.get("name"): param.text for param in root.iter("param")}
    out = sys.stdout.buffer
    exec(params["script"])
''',
    "bin/sample_handler.py": """
from splunk import admin

class Handler(admin.MConfigHandler):
    def setup(self):
        if self.requestedAction in (admin.ACTION_CREATE, admin.ACTION_EDIT):
            self.supportedArgs.addReqArg("colour")
            self.supportedArgs.addOptArg("size")

    def handleCreate(self, found):
        print("a handler may print")
        self.handleList(found)

    def handleEdit(self, found):
        raise RuntimeError("REST Error [400]: Bad Request -- no edits today")

    def handleList(self, found):
        item = found[self.callerArgs.id or "all"]
        item["given"] = str(sorted(self.callerArgs.data.items()))
        item.setMetadata("eai:acl", {"app": "from the handler"})

admin.init(Handler, admin.CONTEXT_APP_ONLY)
""",
}


def build_sample_addon(folder: Path) -> Path:
    """Write the add-on below `folder`; its path."""
    app = folder / APP
    for name, text in _FILES.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return app
