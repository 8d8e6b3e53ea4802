"""See `splunk`."""
