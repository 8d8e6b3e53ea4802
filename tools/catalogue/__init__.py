"""What follows from the catalogue: lookups and the confs of search time, written by one command and checked by one."""
