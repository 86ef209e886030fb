"""What a request is asked for with: its model's parameters, and a seed of its own for each take."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.backends.parameters import MAX_SEED
from videos.capabilities import available_offers
from videos.models import Backend, State, Video, VideoModel
from videos.services.derivations import extend_video
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.parameters import choose_parameters, template_parameters
from videos.services.video_actions import retry_video
from videos.services.videos import create_video, create_videos

pytestmark = pytest.mark.django_db

SEED = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 9}
STEPS = {"name": "steps", "type": "integer", "minimum": 1, "maximum": 50, "default": 30}


@pytest.fixture
def backend() -> Backend:
    return BackendFactory()


def declare(backend: Backend, *declared: dict[str, Any], name: str = "sora-2") -> VideoModel:
    model, _ = VideoModel.objects.get_or_create(name=name, defaults={"label": name})
    VideoModel.objects.filter(pk=model.pk).update(
        parameters=list(declared), sizes=["1280x720"], seconds=[4, 8]
    )
    model.backends.set([backend])
    return model


def request(**parameters: object) -> GenerationRequest:
    return GenerationRequest("A paper boat", "sora-2", 4, "1280x720", parameters=parameters)


def test_values_are_kept_in_their_types_and_sent(backend: Backend) -> None:
    declare(backend, SEED, STEPS)

    video = create_video(UserFactory(), request(seed="7", steps="20"))

    video.refresh_from_db()
    assert video.parameters == {"seed": 7, "steps": 20}
    assert video.sent_parameters == {"seed": 7, "steps": 20}


def test_a_declared_default_is_asked_for_and_kept(backend: Backend) -> None:
    declare(backend, STEPS)

    assert create_video(UserFactory(), request()).parameters == {"steps": 30}


@pytest.mark.parametrize("parameters", [{"seed": 10}, {"seed": "x"}, {"fps": 24}, {"seed": 1, "steps": 0}])
def test_what_the_model_does_not_take_creates_nothing(backend: Backend, parameters: dict[str, Any]) -> None:
    declare(backend, SEED, STEPS)

    with pytest.raises(ValidationError) as refused:
        create_videos(UserFactory(), [request(), request(**parameters)])

    (name,) = refused.value.message_dict
    assert name == f"parameters.{list(parameters)[-1]}"
    assert not Video.objects.exists()


def test_takes_without_a_seed_are_drawn_one_each(backend: Backend) -> None:
    declare(backend, {"name": "seed", "type": "integer"})

    takes = create_videos(UserFactory(), make_takes(request(), 4))

    seeds = {take.seed for take in takes}
    assert len(seeds) == 4
    assert all(seed is not None and 0 <= seed <= MAX_SEED for seed in seeds)
    assert all(take.parameters == {} and take.sent_parameters == {"seed": take.seed} for take in takes)


def test_takes_with_a_seed_count_up_from_it_and_begin_again_at_the_end(backend: Backend) -> None:
    declare(backend, SEED)

    takes = create_videos(UserFactory(), make_takes(request(seed=8), 4))

    assert [take.seed for take in takes] == [8, 9, 0, 1]
    assert [take.parameters for take in takes] == [{"seed": 8}, {"seed": 9}, {"seed": 0}, {"seed": 1}]


@pytest.mark.parametrize(("low", "high"), [(0, 2**53 - 1), (100, 103), (-5, 5), (None, 7), (5, None)])
def test_a_drawn_seed_is_within_the_declared_range(
    backend: Backend, low: int | None, high: int | None
) -> None:
    bounds = {key: value for key, value in (("minimum", low), ("maximum", high)) if value is not None}
    declare(backend, {"name": "seed", "type": "integer", **bounds})
    offer = available_offers()["sora-2"]

    for _ in range(50):
        group = uuid.uuid4()
        seeds = [choose_parameters({}, offer, take=take, group=group).seed for take in (1, 2, 3, 4)]
        assert len(set(seeds)) == 4
        for seed in seeds:
            assert seed is not None
            assert (0 if low is None else low) <= seed
            assert high is None or seed <= high


def test_two_videos_of_the_same_words_are_drawn_different_seeds(backend: Backend) -> None:
    declare(backend, {"name": "seed", "type": "integer"})
    owner = UserFactory()

    assert create_video(owner, request()).seed != create_video(owner, request()).seed


def test_a_model_that_takes_no_seed_is_sent_none(backend: Backend) -> None:
    declare(backend, STEPS)

    video = create_video(UserFactory(), request())

    assert (video.seed, video.known_seed, video.sent_parameters) == (None, None, {"steps": 30})


def test_the_simulators_models_take_seed_negative_prompt_and_sound_until_somebody_says_otherwise() -> None:
    model = declare(BackendFactory(service="simulator"))
    VideoModel.objects.update(parameters=None)
    names = [parameter.name for parameter in available_offers()["sora-2"].parameters]
    assert names == ["seed", "negative_prompt", "generate_audio"]

    VideoModel.objects.filter(pk=model.pk).update(parameters=[])
    assert available_offers()["sora-2"].parameters == ()


def test_a_model_of_another_server_takes_what_is_declared_alone(backend: Backend) -> None:
    declare(backend)
    VideoModel.objects.update(parameters=None)

    assert available_offers()["sora-2"].parameters == ()


def test_a_retry_asks_for_the_same(backend: Backend) -> None:
    declare(backend, SEED)
    video = create_video(UserFactory(), request())
    Video.objects.filter(pk=video.pk).update(state=State.FAILED, used_seed=3)

    assert retry_video(Video.objects.get())

    again = Video.objects.get()
    assert (again.seed, again.used_seed, again.parameters) == (video.seed, None, {})


def test_a_continuation_that_is_joined_here_takes_what_its_model_still_takes(backend: Backend) -> None:
    declare(backend, SEED, STEPS)
    owner = UserFactory()
    source = VideoFactory(
        owner=owner,
        backend=backend,
        state=State.COMPLETED,
        parameters={"steps": 20, "flow": 3},
        seed=4,
    )

    joined = extend_video(owner, source, "And then it rains", 4)

    assert joined.concat_with_source
    assert joined.parameters == {"steps": 20}
    assert joined.seed is not None


def test_an_extension_of_the_backends_own_is_told_no_parameters() -> None:
    backend = BackendFactory(can_extend=True)
    declare(backend, SEED, STEPS)
    owner = UserFactory()
    source = VideoFactory(
        owner=owner, backend=backend, state=State.COMPLETED, parameters={"steps": 20}, seed=4
    )

    extended = extend_video(owner, source, "And then it rains", 4)

    assert (extended.parameters, extended.sent_parameters) == ({}, {})


def test_a_template_for_any_model_may_hold_what_one_of_them_takes(backend: Backend) -> None:
    declare(backend, SEED)
    declare(backend, STEPS, name="wan")

    assert template_parameters({"seed": "7", "steps": "5"}, "") == {"seed": 7, "steps": 5}
    with pytest.raises(ValidationError) as refused:
        template_parameters({"seed": "7", "steps": "5"}, "sora-2")
    assert refused.value.messages == ["No model takes “steps”."]
