"""Add a backend from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.backends.service_kinds import SERVICES
from videos.management.arguments import positive_int
from videos.management.probe_table import format_report
from videos.models.backend import DEFAULT_SERVICE
from videos.services.backends import ConnectionFailedError, ConnectionResult, connect_backend


class Command(BaseCommand):
    help = (
        "Add a backend: a hosted service, or a server that speaks the Videos API. It is probed first, "
        "without starting a job, and is not added if it cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="its name in the studio, such as “GPU box”")
        parser.add_argument(
            "url",
            metavar="URL",
            nargs="?",
            default="",
            help="its base URL, such as http://gpu.internal:8091/v1 (default: the service's own)",
        )
        parser.add_argument(
            "--service",
            choices=SERVICES,
            default=DEFAULT_SERVICE,
            help=f"the kind of service (default: {DEFAULT_SERVICE})",
        )
        parser.add_argument(
            "--key-env",
            default="",
            metavar="VAR",
            help="the environment variable that holds its key: BACKEND_KEY_…, or a vendor's usual name"
            " (default: the service's own, if it has one)",
        )
        parser.add_argument(
            "--default", action="store_true", help="put it first where several backends serve a model"
        )
        parser.add_argument(
            "--models",
            default="",
            metavar="A,B",
            help="models it serves, or “all” of a hosted service (default: those it names and the catalogue"
            " has, or its only one; of a hosted service all if they are few)",
        )

        parser.add_argument(
            "--max-in-flight",
            type=positive_int,
            metavar="N",
            help="jobs that may run there at once (default: 1 or 2 for a server of your own, else 4)",
        )
        parser.add_argument(
            "--time-limit",
            type=positive_int,
            metavar="SECONDS",
            help="that it may work on a video; its own queue does not count (default: MAX_POLL_TIMEOUT)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        models = [name.strip() for name in options["models"].split(",") if name.strip()]
        try:
            connected = connect_backend(
                options["name"],
                options["url"],
                service=options["service"],
                key_env=options["key_env"],
                first=options["default"],
                models=models,
                max_in_flight=options["max_in_flight"],
                generation_timeout=options["time_limit"],
            )
        except ConnectionFailedError as error:
            raise CommandError(f"Not added. {error}") from error
        self.stdout.write(f"{format_report(connected.report)}\n\n{_describe_result(connected)}")


def _describe_result(connected: ConnectionResult) -> str:
    slots = connected.backend.max_in_flight
    jobs = "one job" if slots == 1 else f"{slots} jobs"
    name, models = connected.backend.name, ", ".join(connected.models)
    sentences = [f"“{name}” is added and serves {models}. It is sent at most {jobs} at once."]
    if connected.new_models and connected.report.catalogue:
        sentences.append(f"New in the catalogue: {', '.join(connected.new_models)}.")
        sentences += _describe_gaps(connected)
    elif connected.new_models:
        sentences.append(
            f"New in the catalogue: {', '.join(connected.new_models)}. Their sizes and lengths are a guess; "
            "set them, and a price, in the admin under Video models."
        )
    unnamed = set(connected.models) - set(connected.report.models or connected.models)
    if unnamed:
        sentences.append(f"The server itself does not name {', '.join(sorted(unnamed))}.")
    if connected.backend.key_env:
        sentences.append(f"Restart the studio if {connected.backend.key_env} was set after it started.")
    return "\n".join(sentences)


def _describe_gaps(connected: ConnectionResult) -> list[str]:
    """What the service does not say of the models that were added."""
    added = [model for model in connected.report.catalogue if model.name in connected.new_models]
    guessed = [model.name for model in added if not (model.sizes and model.seconds)]
    unpriced = [model.name for model in added if not model.price_per_second]
    where = "set them in the admin under Video models."
    sentences = []
    if guessed:
        sentences.append(f"Sizes or lengths of {', '.join(guessed)} are a guess; {where}")
    if unpriced:
        sentences.append(
            f"No price per second is known of {', '.join(unpriced)}; what a video cost is known"
            " when it is made, where the service says so."
        )
    return sentences
