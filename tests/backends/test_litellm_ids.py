from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.backends.drivers.litellm_ids import restore_model


def _id(model: str) -> str:
    decoded = f"litellm:custom_llm_provider:openai;model_id:{model};video_id:video_123"
    return "video_" + b64encode(decoded.encode()).decode()


def test_a_model_that_was_left_out_is_put_in():
    assert restore_model(_id(""), "sora-2") == _id("sora-2")


@pytest.mark.parametrize(
    "job_id",
    [_id("veo-3.1"), "video_68d7512d07848190b3e45da0ecbebcde", "video_", "", "video_ü", "x" + _id("")],
)
def test_any_other_id_stays(job_id: str):
    assert restore_model(job_id, "sora-2") == job_id


def test_a_name_that_would_break_the_id_is_not_put_in():
    assert restore_model(_id(""), "a;video_id:b") == _id("")


@given(st.text(), st.text())
def test_no_id_is_too_strange(job_id: str, model: str):
    assert isinstance(restore_model(job_id, model), str)
