"""`make run`: everything that starts, watches and stops a whole studio on one machine."""
