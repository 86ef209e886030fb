"""Parameters in every driver's words; whatever the declarations let through is taken by the service."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.conftest import Start
from tests.dialects.hosted import Gemini, OpenRouter, Together
from videos.backends import Client, Connection
from videos.backends.drivers.openrouter import _PASSTHROUGH, create_body, parse_models
from videos.backends.drivers.together import PARAMETERS
from videos.backends.drivers.together import create_body as together_body
from videos.backends.parameters import VIDEOS_API_PARAMETERS, Parameter, seed_parameter, sound_parameter
from videos.backends.requests import CreateRequest
from videos.backends.responses import parse_job
from videos.models import State
from videos.parameters import clean_values, declaration_of, parse_declarations


def _request(model: str = "google/veo-3.1", **parameters: Any) -> CreateRequest:
    return CreateRequest("A fox", model, 4, "1280x720", parameters=parameters)


# --- Each in its own words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("google/veo-3.1", {"google-vertex": {"parameters": {"negativePrompt": "rain"}}}),
        ("runway/gen-4.5", {"runway": {"negativePrompt": "rain"}}),
    ],
)
def test_openrouter_is_told_seed_and_sound_and_hands_the_rest_on_to_the_maker(
    start: Start, model: str, options: dict[str, Any]
):
    studio = start(OpenRouter)

    studio.create(
        model=model, parameters={"seed": 7, "generate_audio": False, "negativePrompt": "rain"}, seed=7
    )

    (created,) = studio.server.creates
    assert created.fields == {
        **OpenRouter.asked(prompt="A fox", model=model, seconds=4, size="1280x720"),
        "seed": 7,
        "generate_audio": False,
        "provider": {"options": options},
    }


def test_together_reads_them_as_fields(start: Start):
    studio = start(Together)

    studio.create(parameters={"fps": 24, "steps": 30, "guidance_scale": 8}, seed=7)

    (created,) = studio.server.creates
    asked = Together.asked(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    assert created.fields == {**asked, "fps": 24, "steps": 30, "guidance_scale": 8, "seed": 7}


def test_gemini_takes_a_seed_and_is_asked_for_nothing_else(start: Start):
    studio = start(Gemini)

    made = studio.create(seed=7)
    refused = studio.create(parameters={"fps": 24})

    assert made.state == State.IN_PROGRESS
    (created,) = studio.server.creates
    assert created.fields["generation_config"] == {"seed": 7}
    assert (refused.state, refused.error_code) == (State.FAILED, "bad_request")
    assert "Gemini does not take fps." in refused.error_message


@pytest.mark.parametrize(
    ("json_only", "sent"), [(True, {"seed": 7, "sound": False}), (False, {"seed": "7", "sound": "false"})]
)
def test_a_videos_api_server_reads_them_beside_the_protocols_fields(json_only: bool, sent: dict[str, Any]):
    body = _request(seed=7, sound=False).body(json_only=json_only)

    assert {name: body.fields[name] for name in ("seed", "sound")} == sent
    assert body.fields["prompt"] == "A fox"


@pytest.mark.parametrize("json_only", [True, False])
def test_no_parameter_can_replace_what_is_paid_for(json_only: bool):
    """Declarations cannot have these names; this is for what somebody writes past all validation."""
    request = _request(seconds=99, size="9x9", model="x", prompt="y", duration=99)

    assert request.body(json_only=json_only).fields["seconds"] == "4"
    assert request.body(json_only=json_only).fields["prompt"] == "A fox"
    assert together_body(request)["seconds"] == "4"
    assert create_body(request)["duration"] == 4


@pytest.mark.parametrize(
    ("told", "seed"),
    [(7, 7), ("7", 7), (0, 0), (2**63 - 1, 2**63 - 1)]
    + [(value, None) for value in (None, True, -1, 7.5, 1e20, "x", 2**63, [], "7" * 30)],
)
def test_a_seed_that_a_server_tells_is_believed_only_if_it_can_be_one(told: object, seed: int | None):
    assert parse_job({"id": "a", "status": "queued", "seed": told}, {}).seed == seed


# --- What the catalogues say -------------------------------------------------------------------------------


def test_openrouters_catalogue_says_what_each_model_takes():
    entry = {
        **OpenRouter.models[0],
        "allowed_passthrough_parameters": ["personGeneration", "conditioningScale", "negativePrompt", 7],
    }

    (veo,) = parse_models({"data": [entry]})
    (runway,) = parse_models({"data": [OpenRouter.models[1]]})

    names = ["seed", "generate_audio", "personGeneration", "negativePrompt"]
    assert [parameter.name for parameter in veo.parameters] == names
    assert runway.parameters == (), "its seed is not known, and what contentModeration takes neither"


@pytest.mark.parametrize("dialect", [OpenRouter, Together, Gemini])
def test_every_catalogue_declares_what_the_studio_can_read(dialect: Any, mp4: bytes):
    with dialect(mp4) as server:
        connection = Connection(
            server.url, server.key_header[1].removeprefix("Bearer "), service=dialect.service
        )
        with Client(connection) as client:
            found = client.catalogue()

    assert found
    for model in found:
        assert len({parameter.name.casefold() for parameter in model.parameters}) == len(model.parameters)


# --- Whatever is let through -------------------------------------------------------------------------------

SETS: dict[type, tuple[Parameter, ...]] = {
    OpenRouter: (seed_parameter(), sound_parameter(), *_PASSTHROUGH.values()),
    Together: PARAMETERS,
    Gemini: (seed_parameter(),),
}
values = st.none() | st.booleans() | st.integers(-10, 2**40) | st.floats() | st.text(max_size=30)


def _strategy(declared: tuple[Parameter, ...]) -> st.SearchStrategy[dict[str, Any]]:
    likely = {
        parameter.name: values | st.sampled_from([*parameter.choices, "1", "15", "true", "rain \U0001f327"])
        for parameter in declared
    }
    return st.fixed_dictionaries({}, optional=likely)


def _accepted(declared: tuple[Parameter, ...], given_values: dict[str, Any]) -> dict[str, Any]:
    """What the studio would let through, one by one."""
    accepted: dict[str, Any] = {}
    for name, value in given_values.items():
        try:
            accepted |= clean_values([each for each in declared if each.name == name], {name: value})
        except ValidationError:
            continue
    return accepted


@pytest.mark.parametrize("dialect", SETS)
def test_what_is_let_through_is_taken_by_the_service(dialect: Any, mp4: bytes):
    with dialect(mp4) as server:
        key = server.key_header[1].removeprefix("Bearer ")
        with Client(Connection(server.url, key, service=dialect.service)) as client:

            @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
            @given(_strategy(SETS[dialect]))
            def ask(given_values: dict[str, Any]) -> None:
                accepted = _accepted(SETS[dialect], given_values)
                client.create(
                    prompt="A fox", model="google/veo-3.1", seconds=4, size="1280x720", parameters=accepted
                )
                sent = json.dumps(server.creates[-1].fields, ensure_ascii=False)
                assert all(json.dumps(value, ensure_ascii=False) in sent for value in accepted.values())

            ask()


@given(_strategy(VIDEOS_API_PARAMETERS), st.booleans())
def test_what_is_let_through_fits_both_bodies_of_a_videos_api_server(
    given_values: dict[str, Any], json_only: bool
):
    accepted = _accepted(VIDEOS_API_PARAMETERS, given_values)
    request = _request(**accepted)

    request.check()
    fields = request.body(json_only=json_only).fields

    json.dumps(fields, allow_nan=False)
    assert accepted.keys() <= fields.keys()
    if not json_only:
        assert all(isinstance(fields[name], str) for name in accepted)
        read_back = clean_values(VIDEOS_API_PARAMETERS, {name: fields[name] for name in accepted})
        assert read_back == accepted


def test_all_that_the_drivers_declare_can_be_written_down():
    for declared in SETS.values():
        assert parse_declarations([declaration_of(parameter) for parameter in declared]) == declared
