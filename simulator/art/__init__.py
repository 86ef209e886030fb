"""The simulator's pictures: generative scenes seeded by a prompt."""
