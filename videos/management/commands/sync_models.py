"""Bring the models of a backend up to date with its service's catalogue."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.models import Backend
from videos.services.model_catalogue import SyncError, SyncResult, sync_models
from videos.services.model_words import describe_model, format_fact


class Command(BaseCommand):
    help = (
        "Bring the models that a backend serves up to date with its service's catalogue: sizes, lengths, "
        "prices. What was set by hand stays. Models that the service no longer offers are hidden; their "
        "videos stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the backend's name, as in the admin")
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")
        parser.add_argument(
            "--add", default="", metavar="A,B", help="models to serve from now on, or “all” of them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        backend = Backend.objects.filter(name=options["name"]).first()
        if backend is None:
            names = ", ".join(Backend.objects.values_list("name", flat=True))
            raise CommandError(f"There is no backend “{options['name']}”. There is: {names}.")
        add = [name.strip() for name in options["add"].split(",") if name.strip()]
        try:
            result = sync_models(backend, add=add, dry_run=options["dry_run"])
        except SyncError as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        for line in _lines(result):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was changed.")


def _lines(result: SyncResult) -> Iterator[str]:
    for model in result.added:
        yield f"added    {model.name}: {describe_model(model)}"
    for name, fields in result.changed.items():
        for field, (old, new) in fields.items():
            yield f"changed  {name}: {field} {format_fact(old)} → {format_fact(new)}"
    for name, kept in result.kept.items():
        yield f"kept     {name}: {', '.join(kept)}, set by hand"
    for name in result.retired:
        yield f"retired  {name}: no longer offered; its videos stay"
    for model in result.offered:
        yield f"offered  {model.name}: {describe_model(model)}"
    yield from result.left_out
    if not result.does_something:
        yield "Nothing to change."
