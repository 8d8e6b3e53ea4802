"""A subset of Splunk's search language, run over events in memory.

An emulation: what Splunk documents is done as documented, the rest raises `workbench.splunk.refusal.Refused`.
"""
