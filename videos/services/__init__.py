"""What a person can ask for: pages, APIs, the admin and commands all come through here."""
