"""Writes everything that follows from content/dashboards/: views, navigation, the lookup of causes and a page."""
