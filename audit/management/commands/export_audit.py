"""`export_audit`: the audit log as a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.export import FORMATS
from audit.management.days import day
from audit.models import Entry
from audit.search import SearchForm
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind


class Command(BaseCommand):
    help = "Print the audit log, oldest first, as JSON lines or CSV. That it was is an entry of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="such as 2026-11-01")
        parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="included")
        parser.add_argument(
            "--person", metavar="NAME", default="", help="what they did and what concerns them"
        )
        parser.add_argument("--format", choices=list(FORMATS), default="jsonl", help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        form = SearchForm({name: options[name] for name in ("first", "last", "person")})
        if not form.is_valid():
            raise CommandError(" ".join(str(sentence) for each in form.errors.values() for sentence in each))
        _, write = FORMATS[options["format"]]
        for line in write(form.apply(Entry.objects.all())):
            self.stdout.write(line, ending="")
        span = f"{options['first'] or 'the beginning'} to {options['last'] or 'now'}"
        record(Action.DOWNLOADED, Subject(Kind.AUDIT), note=f"As {options['format']}, from {span}.")
