"""Variables of a template are not for a chat model to change."""

import pytest

from videos.prompts.placeholders import ChangedVariablesError, protect_variables

TEMPLATE = "{who} walks through {city|Paris,Tokyo}, {{braces}}, and {who} smiles"


def test_each_mention_has_a_mark_of_its_own():
    protected = protect_variables(TEMPLATE)
    assert protected.text == "⟦1⟧ walks through ⟦2⟧, ⟦3⟧braces⟦4⟧, and ⟦5⟧ smiles"
    assert protected.restore(protected.text) == TEMPLATE
    assert protected.restore("At dusk " + protected.text) == "At dusk " + TEMPLATE


@pytest.mark.parametrize(
    "rewritten",
    [
        "⟦1⟧ walks through Paris, ⟦3⟧braces⟦4⟧, and ⟦5⟧",
        "⟦1⟧ ⟦2⟧ ⟦2⟧ ⟦3⟧⟦4⟧⟦5⟧",
        "⟦1⟧ ⟦2⟧ ⟦3⟧x⟦4⟧ ⟦5⟧ with {light}",
        "{who} ⟦2⟧ ⟦3⟧x⟦4⟧ ⟦5⟧",
        "nothing of it",
    ],
)
def test_an_answer_that_changed_them_is_refused(rewritten):
    with pytest.raises(ChangedVariablesError):
        protect_variables(TEMPLATE).restore(rewritten)


def test_a_prompt_without_variables_must_not_get_any():
    protected = protect_variables('JSON: {"a": 1}')
    assert protected.text == 'JSON: {"a": 1}'
    assert protected.restore("A fox") == "A fox"
    with pytest.raises(ChangedVariablesError):
        protected.restore("A {animal}")


def test_marks_do_not_collide_with_the_prompt():
    assert protect_variables("⟦1⟧ {who}").text == "⟦1⟧ ⟪1⟫"
    with pytest.raises(ChangedVariablesError):
        protect_variables("⟦⟪⦅ {who}")
