"""What chat models wrap a prompt in."""

import pytest

from videos.prompts.answers import is_refusal, unwrap_answer

PROMPT = "A red fox runs through fresh snow, low tracking shot, soft morning light."


@pytest.mark.parametrize(
    "answer",
    [
        PROMPT,
        f"  {PROMPT}\n",
        f'"{PROMPT}"',
        f"“{PROMPT}”",
        f"«{PROMPT}»",
        f"`{PROMPT}`",
        f"```\n{PROMPT}\n```",
        f"```text\n{PROMPT}\n```\n",
        f"Sure! Here is the improved prompt:\n\n{PROMPT}",
        f"Sure, here's a more cinematic version:\n\n“{PROMPT}”",
        f"Certainly! Here’s your prompt:\n```\n{PROMPT}\n```\nLet me know if you want changes!",  # noqa: RUF001
        f"Of course!\n\n{PROMPT}",
        f"Here is the improved prompt: {PROMPT}",
        f"**Improved prompt:** {PROMPT}",
        f"Prompt: {PROMPT}",
        f"### Rewritten prompt:\n{PROMPT}",
        f'<think>The user wants a fox. {{}} "Prompt:"</think>\n\n{PROMPT}',
        f"<thinking>fox?</thinking>{PROMPT}",
        f"They want a fox, so\n</think>\n{PROMPT}",
        f'{{"prompt": "{PROMPT}"}}',
        f'```json\n{{"prompt": "{PROMPT}"}}\n```',
        f"{PROMPT}\n\nLet me know if you'd like another style!",
        f"{PROMPT}\n\nI hope this helps.",
    ],
)
def test_what_is_around_the_prompt_is_taken_off(answer):
    assert unwrap_answer(answer) == PROMPT


@pytest.mark.parametrize(
    "prompt",
    [
        "Here is a fox, there is a hare: they look at each other.",
        "Sure-footed goats climb a wall: wide shot",
        '"Stop!" cries the guard, and the train leaves. "Go!"',
        "Okay signs: a neon alphabet, letter by letter",
        "Ein Fuchs läuft durch den Schnee, weiches Licht",
        "雪の中を走る赤い狐、柔らかな光",
        '{"scene": "a fox", "prompt": "snow"}',
        "A prompt: the actor waits in the wings",
        "First line\n\nSecond line",
    ],
)
def test_a_prompt_that_looks_like_a_wrapper_stays(prompt):
    assert unwrap_answer(prompt) == prompt


def test_quotes_that_the_person_wrote_stay():
    assert unwrap_answer('"Go", in neon"', asked='"Go"') == '"Go", in neon"'
    assert unwrap_answer('"Go on"', asked='"Go"') == '"Go on"'


@pytest.mark.parametrize("answer", ["", "   ", "<think>I should say", "<think>a</think>", "``", "\x00\x07"])
def test_an_answer_without_a_prompt_is_empty(answer):
    assert unwrap_answer(answer).strip("`") == ""


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I can’t assist with this request.",  # noqa: RUF001
        "I cannot create that.",
        "<think>Not allowed.</think>Sorry, I can't do that.",
        "Unfortunately, this goes against my guidelines.",
    ],
)
def test_a_refusal_is_no_prompt(answer):
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "prompt", [PROMPT, "I cannot see the sea, says the child at the window", "A sorry sight"]
)
def test_a_prompt_is_no_refusal(prompt):
    assert not is_refusal(prompt)
