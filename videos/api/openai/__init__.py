"""The Videos API itself, under /v1/."""
