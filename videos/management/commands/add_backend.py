"""Connect a backend from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.management.probe_table import table
from videos.services.backends import ConnectionFailedError, ConnectionResult, connect_backend


class Command(BaseCommand):
    help = (
        "Connect a server that speaks the Videos API. It is looked at first, without starting a job; one "
        "that cannot be used is not added."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what to call it, such as “GPU box”")
        parser.add_argument("url", metavar="URL", help="its base URL, such as http://gpu.internal:8091/v1")
        parser.add_argument(
            "--key-env", default="", metavar="VAR", help="the environment variable that holds its key"
        )
        parser.add_argument(
            "--default", action="store_true", help="it goes first where several backends serve a model"
        )
        parser.add_argument(
            "--models",
            default="",
            metavar="A,B",
            help="which models it serves (default: those it names and the catalogue has, or its only one)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        models = [name.strip() for name in options["models"].split(",") if name.strip()]
        try:
            connected = connect_backend(
                options["name"],
                options["url"],
                key_env=options["key_env"],
                first=options["default"],
                models=models,
            )
        except ConnectionFailedError as error:
            raise CommandError(f"Not added. {error}") from error
        self.stdout.write(f"{table(connected.findings)}\n\n{_outcome(connected)}")


def _outcome(connected: ConnectionResult) -> str:
    sentences = [f"“{connected.backend.name}” is added and serves {', '.join(connected.models)}."]
    if connected.new_models:
        sentences.append(
            f"New in the catalogue: {', '.join(connected.new_models)}. The sizes and lengths are a guess; "
            "set them, and a price, in the admin under Video models."
        )
    unnamed = set(connected.models) - set(connected.findings.models or connected.models)
    if unnamed:
        sentences.append(f"The server itself does not name {', '.join(sorted(unnamed))}.")
    if connected.backend.key_env:
        sentences.append(f"Restart the studio if {connected.backend.key_env} was set after it started.")
    return "\n".join(sentences)
