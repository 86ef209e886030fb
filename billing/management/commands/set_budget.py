"""Set, change or remove a budget."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.models import ApiToken, Role, User
from billing.budgets import statuses
from billing.models import Scope
from billing.money import format_money, parse_amount
from billing.periods import Period
from billing.targets import Target, remove_budget, set_budget


class Command(BaseCommand):
    help = (
        "Set how much may be spent in a period: by the studio, a person, everybody with a role, through an "
        "API token, or on what is asked for in a collection. A second budget for the same period replaces "
        "the first. AMOUNT is such as 50 or 12.50; “none” removes the budget. What was spent in the period "
        "before counts. Requests that are on their way keep what they have reserved."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument("--studio", action="store_true", help="what everybody spends together")
        target.add_argument("--user", metavar="NAME", help="what this person spends")
        target.add_argument(
            "--role", choices=Role.values, help="what everybody with this role spends together"
        )
        target.add_argument(
            "--collection", metavar="NAME", help="what is asked for in this collection, by its name or id"
        )
        target.add_argument("--token", metavar="ID", type=int, help="what is spent through this API token")
        parser.add_argument("amount", metavar="AMOUNT")
        parser.add_argument("--per", choices=Period.values, required=True)
        parser.add_argument("--soft", action="store_true", help="warn only, and refuse nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        target = _target(options)
        if options["amount"].strip().lower() == "none":
            if not remove_budget(target, options["per"]):
                raise CommandError("There is no such budget.")
            self.stdout.write("Removed.")
            return
        try:
            amount = parse_amount(options["amount"])
        except ValidationError as error:
            raise CommandError(f"AMOUNT: {error.messages[0]}") from error
        budget = set_budget(target, options["per"], amount, is_soft=options["soft"])
        (status,) = statuses([budget])
        kind = "soft" if budget.is_soft else "hard"
        used, left = format_money(status.used), format_money(status.left)
        self.stdout.write(f"{budget} ({kind}), {used} used, {left} left. {status.renewal}")


def _target(options: dict[str, Any]) -> Target:
    """Return whose budget it is. Raises `CommandError` where there is no such person or token."""
    if options["user"] is not None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"--user: there is no account “{options['user']}”.")
        return Target(Scope.USER, user=user)
    if options["token"] is not None:
        token = ApiToken.objects.filter(pk=options["token"]).first()
        if token is None:
            raise CommandError(f"--token: there is no API token {options['token']}.")
        return Target(Scope.TOKEN, token=token)
    if options["collection"] is not None:
        return Target(Scope.COLLECTION, collection_id=_find_collection(options["collection"]))
    if options["role"] is not None:
        return Target(Scope.ROLE, role=options["role"])
    return Target(Scope.STUDIO)


def _find_collection(name: str) -> int:
    """Return the key of the collection with this name or id. Raises `CommandError` unless there is one."""
    collections = apps.get_model("videos", "Collection")._default_manager.filter(deleted_at=None)
    found = collections.filter(Q(name=name) | Q(public_id=name)).values_list("pk", "public_id")[:20]
    if not found:
        raise CommandError(f"--collection: there is no collection “{name}”.")
    if len(found) > 1:
        ids = ", ".join(public_id for _, public_id in found)
        raise CommandError(f"--collection: several have this name. Give one of their ids: {ids}.")
    return int(found[0][0])
