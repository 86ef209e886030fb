"""Look at every part of the studio, and say what is wrong and what to do about it."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from videos.doctor.checks import CHECKS
from videos.doctor.runner import run_checks
from videos.management.findings import exit_code, print_findings, print_json


class Command(BaseCommand):
    help = (
        "Look at settings, database, broker, storage, workers, backends, mail and all that waits, within 15 "
        "seconds. Each line says what was found and what to do. Nothing is changed or paid for, and no "
        "secret is printed. The exit code is 0 if all is well, 1 if there are only warnings, 2 if something "
        "is wrong."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON, for a program")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.CRITICAL)  # what goes wrong is in the table
        try:
            findings = run_checks(CHECKS)
        finally:
            logging.disable(logging.NOTSET)
        if options["json"]:
            print_json(self.stdout, findings)
        else:
            print_findings(self.stdout, findings)
        if code := exit_code(findings):
            raise SystemExit(code)
