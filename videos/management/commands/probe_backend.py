"""Probe a backend from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.management.probe_table import format_report
from videos.models import Backend
from videos.services.backends import probe_backend


class Command(BaseCommand):
    help = (
        "Find out what a backend can do, without starting a job: print what works and how to fix what does "
        "not, and store the result. The exit code is 0 if the backend can be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the backend's name, as in the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        Backend.objects.in_use()  # creates the backend from the settings, if it was never used
        backend = Backend.objects.filter(name=options["name"]).first()
        if backend is None:
            names = ", ".join(Backend.objects.values_list("name", flat=True))
            raise CommandError(f"There is no backend “{options['name']}”. There is: {names}.")
        report = probe_backend(backend, by="probe_backend")
        self.stdout.write(f"{backend.name}: {backend.address}\n\n{format_report(report)}")
        if report.problem:
            raise CommandError(report.problem)
