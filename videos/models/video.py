"""One video: its row is the single source of truth about it."""

import secrets
import string
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.models.backend import Backend
from videos.models.batch import Batch
from videos.models.character import Character
from videos.models.reference_image import Fit, ReferenceImage
from videos.models.search_text import SearchTextField
from videos.models.state import IN_FLIGHT, Kind, State, public_status
from videos.models.tag import Tag
from videos.models.video_indexes import INDEXES
from videos.models.video_processing import VideoProcessing
from videos.models.video_queries import VideoQuerySet
from videos.models.video_result import VideoResult
from videos.parameters import SEED, ParameterValue

MAX_RATING = 5

_ALPHABET = string.ascii_lowercase + string.digits


def new_public_id() -> str:
    """Return an id that cannot be guessed (124 bits), in the protocol's format."""
    return "video_" + "".join(secrets.choice(_ALPHABET) for _ in range(24))


class Video(VideoProcessing, VideoResult):
    """One video, from request to file. Created by `videos.services`; `videos.lifecycle` changes its state."""

    public_id = models.CharField(max_length=64, unique=True, default=new_public_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="videos")
    backend = models.ForeignKey(Backend, on_delete=models.PROTECT, related_name="videos")

    # The request. Stored as text and numbers, because the catalogue changes and the past does not.
    prompt = models.TextField(max_length=32_000)
    search_text = SearchTextField("prompt")
    model = models.CharField(max_length=100)
    size = models.CharField(max_length=20)
    seconds = models.PositiveIntegerField(
        help_text=_("Seconds to generate: for an extension, what it adds to its source.")
    )
    reference = models.ForeignKey(
        ReferenceImage, on_delete=models.PROTECT, null=True, blank=True, related_name="videos"
    )
    last_frame = models.ForeignKey(
        ReferenceImage, on_delete=models.PROTECT, null=True, blank=True, related_name="ending_videos"
    )
    reference_images = models.ManyToManyField(
        ReferenceImage, through="VideoReference", blank=True, related_name="guided_videos"
    )
    reference_fit = models.CharField(max_length=10, choices=Fit.choices, default=Fit.CROP)
    characters = models.ManyToManyField(Character, blank=True, related_name="videos")
    # `parameters` stay what was asked for, so that a retry and "Make another" ask for the same; a seed that
    # the studio drew is not among them, or the next video would be the same picture again.
    parameters = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text=_("The values of the model's parameters, by name."),
    )
    seed = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "Sent with the request: chosen, or drawn by the studio. Empty where the model takes none."
        ),
    )
    used_seed = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text=_("What the backend says it used.")
    )
    price = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        editable=False,
        help_text=_("US dollars as estimated when it was requested; empty when no price was known."),
    )
    price_samples = models.PositiveIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Charged videos that the estimate was learned from; empty for the catalogue's price."),
    )
    charged = models.DecimalField(
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        editable=False,
        help_text=_("US dollars that the backend says it charged for the job; empty when it does not say."),
    )
    charge_problem = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text=_("Why what the backend named as its charge cannot be one; empty if nothing is wrong."),
    )

    # Takes: videos of one request. They stay takes of each other whatever becomes of one of them, so none is
    # the first that the others refer to, and each knows how many were requested.
    take = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text=_("Number of this take, from 1.")
    )
    takes = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text=_("Number of takes requested.")
    )
    take_group = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Shared by all takes of a request; empty for a single video."),
    )

    # Its place in its owner's queue. The owner's others take no turn more or less for it.
    queue_order = models.BigIntegerField(
        null=True,
        editable=False,
        help_text=_(
            "Rank among its owner's queued videos, once they were reordered; those without one follow, "
            "the oldest first."
        ),
    )
    paused_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Its owner paused it: it is not submitted until they go on.")
    )

    batch = models.ForeignKey(
        Batch, on_delete=models.SET_NULL, null=True, blank=True, editable=False, db_index=False
    )

    # What it is made from.
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CREATE, editable=False)
    source = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="derived", editable=False
    )
    remixed_from = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("The source's id, kept when the source is deleted."),
    )
    source_seconds = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("For an extension, the length of its source.")
    )
    concat_with_source = models.BooleanField(
        default=False,
        editable=False,
        help_text=_(
            "The backend cannot extend: it makes a video that begins with the source's last frame, "
            "and the two are joined here."
        ),
    )

    # Where it was asked for. Of the collections that it is in, this is the one whose budget it counts for; it
    # stays when the video is taken out of it, because spent is spent.
    made_in = models.ForeignKey(
        "Collection",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="made_videos",
        editable=False,
        help_text=_("The collection it was asked for in."),
    )

    # Its state.
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED, editable=False)
    progress = models.PositiveSmallIntegerField(
        null=True, blank=True, editable=False, help_text=_("Percent.")
    )
    revision = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Grows with every change that a card shows, so that a page knows what is new."),
    )
    error_code = models.CharField(max_length=100, blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)
    error_detail = models.TextField(blank=True, editable=False)

    # When things happened.
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    generated_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    deadline_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When it reached its time limit; of earlier releases, when it was to."),
    )
    trashed_at = models.DateTimeField(null=True, blank=True, editable=False)
    retained_from = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Its age counts from here: it was restored.")
    )
    retention_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When it moves to the trash, as its owner was told."),
    )
    purge_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "When it is deleted for good, once a collection's rule has moved it to the trash. Empty: after"
            " TRASH_RETENTION_DAYS there."
        ),
    )
    job_deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the studio let go of its job at the backend."),
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The owner's annotations.
    favourite = models.BooleanField(default=False)
    rating = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RATING)],
        help_text=_("From 1 to 5, as its owner judged it; empty for one that is not rated."),
    )
    chosen_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When it was chosen among its takes: the latest stands for all of them."),
    )
    kept = models.BooleanField(default=False, editable=False, help_text=_("No rule moves it to the trash."))
    tags = models.ManyToManyField(Tag, blank=True, related_name="videos")
    note = models.TextField(max_length=2000, blank=True)

    objects = VideoQuerySet.as_manager()

    # Set by views that show them.
    queue_position: int | None = None  # from 1
    hold_reason: str = ""  # why it is not submitted although it is queued
    probable_start: str = ""  # when a queued one probably starts, in words
    typical_seconds: float | None = None  # that such a video takes from its acceptance
    date_heading: str = ""  # of the first video of a date in a list

    class Meta:
        ordering = ["-pk"]
        indexes = INDEXES
        constraints = [
            models.UniqueConstraint(
                fields=["backend", "backend_job_id"],
                condition=~models.Q(backend_job_id=""),
                name="one_video_per_backend_job",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def get_absolute_url(self) -> str:
        return reverse("videos:detail", args=[self.public_id])

    @property
    def references(self) -> list[ReferenceImage]:
        """The images it was made after, beside its first and last frame, in order. For several videos,
        prefetch `video_references`.
        """
        return [each.image for each in self.video_references.all()]

    @property
    def is_in_flight(self) -> bool:
        return self.state in IN_FLIGHT

    @property
    def awaits_late_result(self) -> bool:
        """It has failed, and is checked for a result by itself, at `due_at`."""
        return self.state == State.FAILED and self.due_at is not None

    @property
    def may_be_running(self) -> bool:
        """It has ended here, and its job may not have ended at the backend."""
        has_ended = self.state in (State.FAILED, State.CANCELED)
        return has_ended and self.due_at is not None and self.generated_at is None

    @property
    def is_live(self) -> bool:
        """It may change without anybody's doing, so a page that shows it polls."""
        return self.is_in_flight or self.awaits_late_result

    @property
    def waits_at_backend(self) -> bool:
        """The backend has accepted it and holds it in its own queue."""
        return self.state == State.IN_PROGRESS and self.queued_at_backend

    @property
    def moves_to_trash_at(self) -> datetime | None:
        """When a rule moves it to the trash, as far as that was announced; None while it stays."""
        is_favourite = self.favourite and settings.RETENTION_KEEPS_FAVOURITES
        stays = self.kept or is_favourite or self.trashed_at is not None
        return None if stays else self.retention_due_at

    @property
    def purged_at(self) -> datetime | None:
        """When it is deleted for good: of what is in the trash, or is announced to move there."""
        moves_at = self.trashed_at or self.moves_to_trash_at
        if moves_at is None:
            return None
        return self.purge_due_at or moves_at + timedelta(days=settings.TRASH_RETENTION_DAYS)

    @property
    def status(self) -> str:
        """The state in the protocol's words."""
        return public_status(State(self.state).value)

    @property
    def needs_decision(self) -> bool:
        """It could not be found out whether the backend accepted it, so its owner must decide."""
        return self.state == State.UNCERTAIN and self.due_at is None

    @property
    def can_cancel(self) -> bool:
        return self.is_in_flight and self.cancel_requested_at is None

    @property
    def can_retry(self) -> bool:
        return self.state == State.FAILED

    @property
    def can_check_again(self) -> bool:
        """It failed, but the backend may still hold the result; or its job can be searched for once more."""
        if self.needs_decision:
            return self.backend.can_list is not False
        return self.state == State.FAILED and bool(self.backend_job_id) and self.error_code in RECHECK_CODES

    @property
    def sent_parameters(self) -> dict[str, ParameterValue]:
        """What its backend is sent of the model's parameters, with the seed that the studio drew."""
        drawn = {} if self.seed is None else {SEED: self.seed}
        return {**self.parameters, **drawn}

    @property
    def known_seed(self) -> int | None:
        """The seed of the picture: what the backend says it used, else what it was sent."""
        return self.seed if self.used_seed is None else self.used_seed

    @property
    def cost(self) -> Decimal | None:
        """What it cost in the studio's currency: the backend's charge where it says so, else the estimate.

        Nothing where the backend is free of charge, whatever the catalogue says. None where nobody knows.
        """
        if not self.backend.is_metered:
            return Decimal(0)
        return self.price if self.charged is None else self.charged

    @property
    def cost_difference(self) -> Decimal | None:
        """US dollars by which the charge is above the estimate; None unless both are known."""
        return None if self.charged is None or self.price is None else self.charged - self.price

    @property
    def total_seconds(self) -> int:
        """The length of the finished file: for an extension, with its source."""
        return self.source_seconds + self.seconds

    @property
    def requested_width(self) -> int:
        return int(self.size.partition("x")[0])

    @property
    def requested_height(self) -> int:
        return int(self.size.partition("x")[2])


# Error codes of failures to get the result, which say nothing about the result itself.
RECHECK_CODES = frozenset({"timed_out", "download_failed", "not_found", "gone", "no_file"})
