"""The add-on's dashboards in the workbench: the days they are looked at with, and our own rule for their searches."""
