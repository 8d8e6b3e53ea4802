"""Splunk's index-time and search-time rules, as conf files state them.

An emulation: what the specs and Splunk's documentation say is done, every other setting is refused with its
file, stanza and key.
"""
