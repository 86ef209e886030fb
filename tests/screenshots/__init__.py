"""`python -m tests.screenshots FOLDER`: pictures of every page, to be looked at by people."""
