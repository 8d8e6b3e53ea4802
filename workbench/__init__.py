"""The workbench: emulations on which the add-on runs without a Splunk and without a PCE. It never ships."""
