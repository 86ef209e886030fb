from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.backends.drivers.litellm import routed


def _id(model: str) -> str:
    note = f"litellm:custom_llm_provider:openai;model_id:{model};video_id:video_123"
    return "video_" + b64encode(note.encode()).decode()


def test_a_model_that_was_left_out_is_put_in():
    assert routed(_id(""), "sora-2") == _id("sora-2")


@pytest.mark.parametrize(
    "job_id",
    [_id("veo-3.1"), "video_68d7512d07848190b3e45da0ecbebcde", "video_", "", "video_ü", "x" + _id("")],
)
def test_any_other_id_stays(job_id: str):
    assert routed(job_id, "sora-2") == job_id


def test_a_name_that_would_break_the_note_is_not_put_in():
    assert routed(_id(""), "a;video_id:b") == _id("")


@given(st.text(), st.text())
def test_no_id_is_too_strange(job_id: str, model: str):
    assert isinstance(routed(job_id, model), str)
