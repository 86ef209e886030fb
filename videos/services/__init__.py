"""The use cases of the studio. Pages, APIs, the admin and commands change things only through here."""
