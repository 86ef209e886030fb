"""Keeps the variables of a template out of reach of whoever rewrites it."""

from collections import Counter
from dataclasses import dataclass

from videos.prompts.syntax import find_variables

_BRACKETS = ("⟦⟧", "⟪⟫", "⦅⦆")  # of which a prompt hardly ever has one, and never all


class ChangedVariablesError(ValueError):
    """A rewritten template does not have each variable exactly as often as it had before."""


@dataclass(frozen=True)
class ProtectedPrompt:
    """A prompt with a mark, such as `⟦1⟧`, in place of each variable and each doubled brace."""

    text: str
    marks: tuple[tuple[str, str], ...] = ()

    def restore(self, rewritten: str) -> str:
        """Return the rewritten text with what the marks stand for.

        Raises `ChangedVariablesError` unless each mark is there exactly once, and nothing else that a
        template would take for a variable.
        """
        text = rewritten
        for mark, original in self.marks:
            if text.count(mark) != 1:
                raise ChangedVariablesError(original)
            text = text.replace(mark, original)
        if Counter(find_variables(text)) != Counter(original for _, original in self.marks):
            raise ChangedVariablesError
        return text


def protect_variables(prompt: str) -> ProtectedPrompt:
    """Return the prompt with its variables replaced by marks. Raises `ChangedVariablesError` where the prompt
    itself has every kind of mark.
    """
    variables = find_variables(prompt)
    if not variables:
        return ProtectedPrompt(prompt)
    brackets = next((each for each in _BRACKETS if not set(each) & set(prompt)), None)
    if brackets is None:
        raise ChangedVariablesError
    text, rest, marks = "", prompt, []
    for number, variable in enumerate(variables, 1):
        before, _, rest = rest.partition(variable)
        mark = f"{brackets[0]}{number}{brackets[1]}"
        text += before + mark
        marks.append((mark, variable))
    return ProtectedPrompt(text + rest, tuple(marks))
