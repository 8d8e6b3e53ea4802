"""The lookups that follow from the catalogue, written by one command and checked by one."""
