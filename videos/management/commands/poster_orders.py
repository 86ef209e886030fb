"""Print what the posters of the shared templates show, for `python -m simulator.posters static/templates`."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from videos.models import PromptTemplate
from videos.prompts.syntax import parse_template


class Command(BaseCommand):
    help = (
        "Print what the poster of each shared template with a picture shows, as a line of JSON each: "
        "manage.py poster_orders | python -m simulator.posters static/templates"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for template in PromptTemplate.objects.filter(owner=None).exclude(picture=""):
            order = {
                "name": template.picture,
                "prompt": parse_template(template.prompt).preview({}),
                "size": template.size or settings.DEFAULT_SIZE,
                "seconds": template.seconds or settings.DEFAULT_SECONDS,
            }
            self.stdout.write(json.dumps(order, ensure_ascii=False))
