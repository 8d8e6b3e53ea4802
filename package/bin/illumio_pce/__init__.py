"""The collector: polls the events API of an Illumio PCE and hands every audit event to Splunk, once.

Nothing in this package needs a Splunk or a PCE to be imported or tested: the clock, the transport to
the PCE, the state store and the output are handed to the run (see `collector.Run`).
"""
