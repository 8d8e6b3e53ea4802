"""The add-on's Dashboard Studio views, read, checked and shown without a Splunk.

An emulation: Splunk's own Dashboard Framework draws the page, the stand-in for Splunk Web answers what it asks, and
the workbench's engine searches.
"""
