"""Writes the detections as a project of contentctl, Splunk's tool for security content."""
