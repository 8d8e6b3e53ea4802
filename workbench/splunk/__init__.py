"""A stand-in for Splunk: confs, SPL, the scheduler, splunkd, Dashboard Studio. It knows nothing of any add-on."""
