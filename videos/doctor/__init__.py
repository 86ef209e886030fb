"""What `manage.py doctor` looks at: one module for each area, each check a function that yields findings.

Nothing here changes anything that lasts, pays for anything, or tells a secret.
"""
