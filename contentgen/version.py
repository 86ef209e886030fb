"""The version of the studio, here and nowhere else. `make release` writes it."""

VERSION = "1.1.0.dev0"
