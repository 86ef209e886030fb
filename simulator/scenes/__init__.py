"""Generated scenes, each seeded by a prompt."""
