"""The forms of the pages: they validate, and hand what they hold to a service."""
