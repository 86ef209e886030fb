"""Bring in an export, a folder of videos, or what a backend still holds."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import roles
from accounts.models import User
from videos.backends.errors import BackendError
from videos.management.progress import INTERRUPTED, open_display
from videos.management.transfer import count_table, list_problems, now_and_then
from videos.models import Backend, Collection, State, Video
from videos.services.collections import find_editable
from videos.transfer import import_
from videos.transfer.archive import Archive, open_archive
from videos.transfer.backend_jobs import HeldJob, adopt_jobs, find_holdings
from videos.transfer.errors import RowError, TransferError
from videos.transfer.folder import Destination, bring_in_folder
from videos.transfer.one_at_a_time import only_import
from videos.transfer.people import People
from videos.transfer.places import Result

MAX_LISTED = 1000  # jobs


def renamed(text: str) -> tuple[str, str]:
    """Return both names of an option such as old=new. Raises `ArgumentTypeError`."""
    old, equals, new = text.partition("=")
    if not equals or not old or not new:
        raise ArgumentTypeError(f"give two names such as alice=alice.smith, not “{text}”.")
    return old, new


class Command(BaseCommand):
    help = (
        "Bring in what export_videos has written, whole; a folder or ZIP of video files with JSON or text "
        "beside them; or, with --backend, finished jobs that no video has. Nothing is submitted, and what is "
        "here already stays as it is: what was cut off is simply started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", nargs="?", type=Path, metavar="SOURCE", help="a folder or a .zip")
        parser.add_argument("--owner", metavar="NAME", help="whose the videos become")
        parser.add_argument("--dry-run", action="store_true", help="check everything, and change nothing")
        parser.add_argument(
            "--map",
            type=renamed,
            action="append",
            default=[],
            metavar="OLD=NEW",
            help="of an export: who becomes which account here; may be given several times",
        )
        parser.add_argument(
            "--create-people",
            action="store_true",
            help="of an export: make missing accounts",
        )
        trust = parser.add_mutually_exclusive_group()
        trust.add_argument(
            "--trusted", action="store_true", help="the export is one of yours, though its key differs"
        )
        trust.add_argument(
            "--untrusted", action="store_true", help="of an export: no jobs, no ledger, pictures made anew"
        )
        parser.add_argument(
            "--over-quota", action="store_true", help="also where somebody's storage quota has no room for it"
        )
        parser.add_argument("--collection", metavar="NAME", help="of a folder: a collection for all of them")
        parser.add_argument("--tags", default="", metavar="A,B", help="of a folder: tags for all of them")
        parser.add_argument("--backend", metavar="NAME", help="adopt what this backend holds")
        parser.add_argument(
            "--job", action="append", default=[], metavar="ID", help="with --backend: this job, also in doubt"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["source"] is None) == (options["backend"] is None):
            raise CommandError("Give a folder or a ZIP to import, or --backend NAME.")
        try:
            with nullcontext() if options["dry_run"] else only_import():
                self._run(options)
        except (TransferError, RowError, BackendError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. The same command goes on.", returncode=INTERRUPTED) from None

    def _run(self, options: dict[str, Any]) -> None:
        if options["backend"] is not None:
            self._adopt(options)
            return
        with open_archive(options["source"]) as archive:
            self._import(archive, options)

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, style_func=str)

    def _import(self, archive: Archive, options: dict[str, Any]) -> None:
        if import_.is_export(archive):
            result = self._import_export(import_.open_export(archive), options)
        else:
            to = self._destination(options)
            with open_display(self.stderr) as display:
                result = bring_in_folder(archive, to, now_and_then(display.show), is_dry=options["dry_run"])
        self._conclude(result, is_dry=options["dry_run"])

    # --- An export -----------------------------------------------------------------------------------------

    def _import_export(self, export: import_.Export, options: dict[str, Any]) -> Result:
        people = export.people()
        mapping = dict(options["map"])
        if options["owner"] is not None:
            mapping |= _all_to(options["owner"], people)
        for line in People(mapping).describe(people):
            self._say(line)
        trust = True if options["trusted"] else False if options["untrusted"] else None
        chosen = import_.Options(mapping, options["create_people"], trust, options["over_quota"])
        with open_display(self.stderr) as display:
            if not options["dry_run"]:
                return import_.bring_in(export, chosen, now_and_then(display.show))
            return import_.check(export, chosen, now_and_then(display.show))

    # --- A folder ------------------------------------------------------------------------------------------

    def _destination(self, options: dict[str, Any]) -> Destination:
        if options["owner"] is None:
            raise CommandError("--owner: say whose these videos become. It is no export, which would say it.")
        owner = _creator(options["owner"])
        collection: Collection | None = None
        if options["collection"]:
            try:
                collection = find_editable(owner, options["collection"])
            except ValidationError as error:
                raise CommandError(f"--collection: {' '.join(error.messages)}") from error
        tags = [name for name in options["tags"].split(",") if name.strip()]
        return Destination(owner, collection, tags, options["over_quota"])

    def _conclude(self, result: Result, *, is_dry: bool) -> None:
        count_table(self.stdout, {name: count for name, count in result.new.items() if count})
        if known := sum(result.known.values()):
            self._say(f"{known:,} rows were here already, and stay as they are.")
        list_problems(self.stderr, list(dict.fromkeys(result.notes)))
        if is_dry:
            self._say("Dry run: nothing was changed.")
        if result.problems:
            list_problems(self.stderr, result.problems)
            left = "would not be imported" if is_dry else "were not imported. The rest was"
            raise CommandError(f"{len(result.problems)} of them {left}.")

    # --- A backend -----------------------------------------------------------------------------------------

    def _adopt(self, options: dict[str, Any]) -> None:
        backend = Backend.objects.filter(name=options["backend"]).first()
        if backend is None:
            raise CommandError(f"--backend: there is no backend “{options['backend']}”.")
        owner = _creator(options["owner"]) if options["owner"] else None
        holdings = find_holdings(backend, owner)
        self._say(f"{backend} lists {holdings.listed:,} jobs; {len(holdings.jobs):,} of them no video has.")
        if not holdings.is_complete:
            self._say("It lists more than it showed.")
        chosen = _choose(holdings.jobs, options["job"])
        for each in holdings.jobs[:MAX_LISTED]:
            self.stdout.write(_describe(each, is_chosen=each in chosen))
        if owner is None:
            self._say("Nothing was adopted. Say whose they become with --owner NAME.")
        elif options["dry_run"]:
            self._say(f"Dry run: {len(chosen):,} would be adopted. Nothing is booked for them.")
        else:
            self._carry_out(adopt_jobs(backend, owner, chosen, over_quota=options["over_quota"]))

    def _carry_out(self, adopted: Iterator[tuple[HeldJob, Video | str]]) -> None:
        done = failed = 0
        for each, outcome in adopted:
            done += 1
            if isinstance(outcome, Video):
                failed += outcome.state != State.COMPLETED
                said = outcome.error_message or outcome.get_state_display()
                self._say(f"{each.job.id}: {outcome.public_id}: {said}")
            else:
                failed += 1
                self._say(f"{each.job.id}: {outcome}")
        self._say(f"{done - failed:,} adopted. Nothing was booked for them: nobody here ordered them.")
        if failed:
            raise CommandError(f"{failed:,} could not be adopted or downloaded yet.")


def _choose(jobs: Any, wanted: list[str]) -> list[HeldJob]:
    """Return what is to be adopted: the named jobs, else all that are finished and nobody else's.

    Raises `CommandError` for a name that is none of what can be adopted.
    """
    if not wanted:
        return [each for each in jobs if each.standing == "free"]
    by_id = {each.job.id: each for each in jobs if each.standing in ("free", "doubtful")}
    if missing := [name for name in wanted if name not in by_id]:
        raise CommandError(f"--job: “{missing[0]}” is no finished job without a video there.")
    return [by_id[name] for name in wanted]


def _describe(held: HeldJob, *, is_chosen: bool) -> str:
    job = held.job
    words = " ".join((job.prompt or "").split())[:60]
    why = f"  left: {held.why}" if held.why and not is_chosen else ""
    return f"{job.id}  {job.status}  {job.model or '?'}  {job.seconds or '?'} s  {words}{why}".rstrip()


def _creator(username: str) -> User:
    owner = User.objects.filter(username=username).first()
    if owner is None:
        raise CommandError(f"--owner: there is no account “{username}”.")
    if not roles.may_create(owner):
        raise CommandError(f"--owner: “{username}” is a viewer or blocked, and has no videos made.")
    return owner


def _all_to(owner: str, people: list[dict[str, Any]]) -> dict[str, str]:
    """Return the mapping by which all becomes one person's. Raises `CommandError` where several have work."""
    names = [str(each.get("username")) for each in people if each.get("is_needed")]
    if len(names) > 1:
        raise CommandError(f"--owner: it holds work of {len(names)} people. Use --map NAME=ACCOUNT for each.")
    return dict.fromkeys(names, owner)
