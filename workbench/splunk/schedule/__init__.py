"""Saved searches on their schedules: runs, trigger conditions, throttling, alerts.

An emulation of splunkd's scheduler as savedsearches.conf.spec and the Alerting Manual describe it, time zone UTC.
"""
