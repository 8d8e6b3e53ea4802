"""Writes everything that follows from content/detections/: saved searches, macros and their page."""
