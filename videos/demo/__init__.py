"""A studio worth looking at, made by `manage.py seed_demo` with the simulator alone: no key, no network.

All of it belongs to people who are made for it, so that `--reset` finds exactly what was made.
"""
