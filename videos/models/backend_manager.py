"""Which backends there are to make new videos, and the one that the settings name."""

from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from videos.models.backend_capabilities import SIMULATOR_CAPABILITIES

if TYPE_CHECKING:
    from videos.models.backend import Backend

OPENAI_ADDRESS = "https://api.openai.com/v1"  # served this API until 24 September 2026

_KEY_VARIABLES = {
    "BACKEND_KEY",
    "OPENAI_API_KEY",
}  # of the environment's, now and before


class BackendManager(models.Manager["Backend"]):
    def for_environment(self) -> "Backend":
        """Return the backend that the settings name: the one at `BACKEND_URL`, OpenAI's own address when
        there is only a key, or the simulator when there is neither.

        It is created on first use, with every model of the catalogue; what staff change about it stays.
        Another address is another backend, so that a video stays with the server it was sent to when the
        settings change.
        """
        if not settings.BACKEND_URL and not settings.BACKEND_KEY:
            return self.simulator()
        url = settings.BACKEND_URL or OPENAI_ADDRESS
        found = self.filter(base_url=url, is_simulator=False).order_by("pk").first()
        if found is not None:
            self._follow_key(found)
        name = (urlsplit(url).netloc or url)[:90]
        if found is None:
            wanted = self.model(base_url=url, from_environment=True, key_env=settings.BACKEND_KEY_VARIABLE)
            found = self._get_or_create(
                name,
                base_url=wanted.base_url,
                from_environment=True,
                key_env=wanted.key_env,
                key_confirmed_for=wanted.key_destination,  # whoever sets both in the environment means it
            )
        return found

    def simulator(self) -> "Backend":
        """Return the studio's simulator, which is created on first use."""
        simulator = self.filter(is_simulator=True).first()
        return simulator or self._get_or_create(
            "Simulator", is_simulator=True, max_in_flight=8, **SIMULATOR_CAPABILITIES
        )

    def paused(self) -> models.QuerySet["Backend"]:
        """Those that are sent nothing for now, because they asked for that or refused our key."""
        return self.filter(enabled=True, paused_until__gt=timezone.now())

    def in_use(self) -> list["Backend"]:
        """Return the backends for new videos, the default first: all enabled ones that serve a model.

        One that an earlier setting named is left out. The simulator, or OpenAI's own address, is used only
        while there is no other.
        """
        url = settings.BACKEND_URL
        if url:
            self.for_environment()
        current = Q(from_environment=False) | Q(base_url=url)
        serving = self.model.models.through._default_manager.filter(
            backend=OuterRef("pk"), videomodel__enabled=True
        )
        # EXISTS, because a join would read each backend once for each of its hundreds of models.
        connected = list(self.filter(current, Exists(serving), is_simulator=False, enabled=True))
        if connected or url:
            return connected
        fallback = self.for_environment()
        return [fallback] if fallback.enabled else []

    def _follow_key(self, backend: "Backend") -> None:
        """Read the key of the environment's backend by the name that the settings have for it now."""
        now = settings.BACKEND_KEY_VARIABLE
        if backend.from_environment and backend.key_env in _KEY_VARIABLES - {now}:
            was, backend.key_env = backend.key_env, now
            # Whoever sets both in the environment means it.
            backend.key_confirmed_for = backend.key_destination
            self.filter(pk=backend.pk, key_env=was).update(
                key_env=now, key_confirmed_for=backend.key_confirmed_for
            )

    def _get_or_create(self, name: str, **fields: Any) -> "Backend":
        """Create the environment's backend under an unused name, or return another process's."""
        unique = {
            key: fields[key] for key in ("base_url", "from_environment", "is_simulator") if key in fields
        }
        try:
            with transaction.atomic():
                backend = self.create(name=self._unused_name(name), **fields)
                backend.models.set(backend.models.model._default_manager.all())
                return backend
        except IntegrityError:
            return self.get(**unique)

    def _unused_name(self, name: str) -> str:
        candidates = (name if number == 1 else f"{name} ({number})" for number in count(1))
        return next(candidate for candidate in candidates if not self.filter(name=candidate).exists())
