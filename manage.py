#!/usr/bin/env python
"""Django's command line for ContentGen."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
    from contentgen.command_line import run

    run(sys.argv)


if __name__ == "__main__":
    main()
