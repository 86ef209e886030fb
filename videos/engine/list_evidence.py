"""What a backend's list of jobs proves about itself, by the jobs on it that are known to be ours.

Servers describe jobs in their own ways: SGLang leaves the prompt out and reports the seconds of the frames
that it rounded, gateways rename models, others cut prompts or report what the encoder made of a size. So that
a listed job says something else than was requested proves that it is another one only where the same list is
seen to repeat such a request faithfully, and the jobs of which we know both are the only ones to see it by.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from videos.backends.responses import Job
from videos.engine.prompt_matching import (
    has_same_words,
    is_cut,
    is_longer,
    is_normalized,
    is_rewritten,
)
from videos.models import Kind, Video

Setting = Literal["model", "size", "seconds"]
_SETTINGS: tuple[Setting, ...] = ("model", "size", "seconds")


class ListEvidence:
    """The evidence of the listed jobs of `known` videos: each of these has the job beside it."""

    def __init__(self, known: Sequence[tuple[Video, Job]]) -> None:
        self.names_sources = any(job.remixed_from_video_id for _, job in known)
        same = [has_same_words(job.prompt, video.prompt) for video, job in known]
        self._echoes_prompts = bool(same) and all(same)
        self._echoed = [video.prompt for (video, _), is_same in zip(known, same, strict=True) if is_same]
        told = [(video.seed, job.seed) for video, job in known if None not in (video.seed, job.seed)]
        self._echoes_seeds = bool(told) and all(sent == listed for sent, listed in told)
        self._reported: defaultdict[tuple[object, ...], set[object]] = defaultdict(set)
        for video, job in known:
            if is_sent_as_create(video):
                for setting in _SETTINGS:
                    if (value := getattr(job, setting)) not in {None, ""}:
                        self._reported[_request(setting, video, job)].add(value)

    def agrees_with_settings(self, video: Video, job: Job) -> bool:
        """Whether model, size and seconds are what this backend lists for such a request: what was asked for,
        or what it lists for our other jobs of that request. What the job leaves out contradicts nothing.
        """
        return all(
            (listed := getattr(job, setting)) in {None, ""}
            or listed in (self._reported.get(_request(setting, video, job)) or _requested(setting, video))
            for setting in _SETTINGS
        )

    def contradicts_settings(self, video: Video, job: Job) -> bool:
        """Whether model, size or seconds prove that the job is not the video's.

        The proof: our own jobs in the same status, for which the same model, size and seconds were requested,
        are all listed with one other value, so this backend does not list such a request in this way. A
        value that equals the requested one proves nothing, and neither does a list without such a job.
        """
        return is_sent_as_create(video) and any(
            (listed := getattr(job, setting)) not in {None, "", *_requested(setting, video)}
            and len(reported := self._reported.get(_request(setting, video, job), set())) == 1
            and listed not in reported
            for setting in _SETTINGS
        )

    def contradicts_seed(self, video: Video, job: Job) -> bool:
        """Whether the job's seed proves that it is not the video's.

        The proof: every job of ours on this list that tells a seed tells the one that was sent.
        """
        is_other = video.seed is not None and job.seed is not None and job.seed != video.seed
        return is_other and self._echoes_seeds

    def can_stand_for(self, prompt: str, listed: str) -> bool:
        """Whether a server may list `prompt` as `listed`: the same but for case, punctuation and the like, or
        cut. It cuts no prompt that short which lists a longer one of ours in full.
        """
        if is_normalized(listed, prompt):
            return True
        return is_cut(listed, prompt) and not any(is_longer(echoed, listed) for echoed in self._echoed)

    def contradicts_prompt(self, prompt: str, listed: str) -> bool:
        """Whether the listed words prove that the job is not the one that `prompt` was sent for.

        The proof: every job of ours on this list has the words that were sent, so it repeats prompts, and
        `listed` is neither `prompt` normalized or cut, nor has it enough of its words to be made from it.
        """
        return (
            self._echoes_prompts
            and not self.can_stand_for(prompt, listed)
            and not is_rewritten(listed, prompt)
        )


def is_sent_as_create(video: Video) -> bool:
    """Whether it was requested with a create, so that its job shows all that was requested."""
    return video.kind == Kind.CREATE or video.concat_with_source


def _request(setting: Setting, video: Video, job: Job) -> tuple[object, ...]:
    """What the reported value of a setting can depend on: a server may round a size for one model only, and
    measure a video when it is completed.
    """
    settings = {
        "model": (video.model,),
        "size": (video.model, video.size),
        "seconds": (video.model, video.size, video.seconds),
    }
    return setting, job.status, *settings[setting]


def _requested(setting: Setting, video: Video) -> set[object]:
    """The values that say what was requested. Of an extension a server may list the seconds that it adds, or
    those of the whole video.
    """
    values: set[object] = {getattr(video, setting)}
    if setting == "seconds" and not is_sent_as_create(video) and video.kind == Kind.EXTEND:
        values.add(video.total_seconds)
    return values


def has_seed_of(video: Video, job: Job) -> bool:
    """Whether the job tells the seed that was sent for the video."""
    return job.seed is not None and job.seed == video.seed
