"""The simulator's stand-in for a chat model."""

import base64
import io

import pytest
from PIL import Image

from simulator import chat


def ask(simulator, content, **fields):
    messages = [{"role": "system", "content": "Rewrite."}, {"role": "user", "content": content}]
    body = {"model": "prompt-helper", "messages": messages, **fields}
    return simulator.http.post("/v1/chat/completions", json=body)


def picture(colour, size=(64, 36)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_a_prompt_gets_what_it_lacks_and_always_the_same(simulator):
    first, second = (ask(simulator, "A paper boat on a rainy street").json() for _ in range(2))
    text = first["choices"][0]["message"]["content"]
    assert text.startswith("A paper boat on a rainy street, ")
    assert first["choices"] == second["choices"]
    assert first["usage"]["total_tokens"] > 0
    assert first["choices"][0]["finish_reason"] == "stop"


def test_what_a_prompt_says_already_is_not_said_again():
    full = "Aerial shot of a ship at dawn, it drifts slowly, 35mm lens"
    assert chat.improve(full) == full + "."
    assert "shot" not in chat.improve("Drone over the sea").partition("sea")[2].partition(",")[0]


def test_marks_of_variables_stay():
    assert chat.improve("⟦1⟧ walks through ⟦2⟧").startswith("⟦1⟧ walks through ⟦2⟧, ")


@pytest.mark.parametrize(
    ("colour", "size", "words"),
    [((200, 40, 40), (64, 36), ["wide", "red"]), ((5, 5, 20), (36, 64), ["tall", "dark", "black"])],
)
def test_an_image_is_described_by_what_can_be_measured(simulator, colour, size, words):
    part = {"type": "image_url", "image_url": {"url": picture(colour, size)}}
    answer = ask(simulator, [{"type": "text", "text": "Describe"}, part]).json()
    text = answer["choices"][0]["message"]["content"]
    assert all(word in text for word in words)


@pytest.mark.parametrize(
    "content",
    [
        "",
        [{"type": "image_url", "image_url": {"url": "https://elsewhere.example/a.jpg"}}],
        [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}],
    ],
)
def test_what_cannot_be_answered_is_refused(simulator, content):
    assert ask(simulator, content).status_code == 400


@pytest.mark.parametrize("messages", [None, [], "hello", [None], [{"role": "user"}]])
def test_a_body_without_a_question_is_refused(simulator, messages):
    assert ask(simulator, "x", messages=messages).status_code == 400


def test_faults_are_injected_as_elsewhere(simulator):
    simulator.inject_fault(on="chat", kind="error_before", times=1, match="fox")
    simulator.inject_fault(on="chat", kind="huge", times=1, bytes=50_000)
    simulator.inject_fault(on="chat", kind="garbage", times=1)
    simulator.inject_fault(on="chat", kind="drip", times=1, seconds=0.01)
    assert ask(simulator, "A fox").status_code == 500
    assert len(ask(simulator, "A hare").content) > 50_000
    assert b"<!doctype html>" in ask(simulator, "A hare").content
    assert ask(simulator, "A hare").json()["choices"]
