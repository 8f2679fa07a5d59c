"""The tables of words: every language says everything, with the same names; code says nothing."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import resources

import pytest

from digitus import nn
from digitus.forms import rows
from digitus.forms.correct import RISING_FLAGS
from digitus.forms.problems import LINES
from digitus.recipe.settings import LAYERS, RULES
from digitus.serve.layer_words import Equations
from digitus.serve.live import starting_points

STATIC = resources.files("digitus.serve") / "static"
LANGUAGES = ("de", "es", "fr", "zh")
STRING = r'"((?:[^"\\]|\\.)*)"'
ENTRY = re.compile(rf"{STRING}: (?:{STRING}|\{{ one: {STRING}, other: {STRING} \}})")
# Text of code: a capital letter, or one that begins a text, and more than three words in a row.
SENTENCE = re.compile(r"[A-Za-zÀ-ÿ]+(?:[,;:]? [a-zà-ÿ]{2,}){3,}[.!?…]?$")
SCRIPTS = sorted(
    entry.name for entry in STATIC.iterdir()
    if entry.name.endswith(".js") and not entry.name.startswith("words.")
)  # fmt: skip


def table(language: str) -> dict[str, list[str]]:
    """What a language says: by key the sentence, or those for one and for many."""
    text = (STATIC / f"words.{language}.js").read_text("utf-8")
    found = {key: [s for s in said if s] for key, *said in ENTRY.findall(text)}
    assert len(found) == text.count('": ') - sum('": ' in s for v in found.values() for s in v)
    return found


def names(sentence: str) -> set[str]:
    """The names that are replaced in it."""
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_with_the_same_names(language: str) -> None:
    english, other = table("en"), table(language)
    assert len(english) > 250
    assert english.keys() == other.keys()
    for key, sentences in english.items():
        wanted = set().union(*map(names, sentences))
        assert set().union(*map(names, other[key])) <= wanted | {"n"}, key
        assert wanted - {"n"} <= set().union(*map(names, other[key])), key


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_sentence_stands_in_code(name: str) -> None:
    code = (STATIC / name).read_text("utf-8")
    silent = re.compile(r"\s*(//|\*|/\*)|.*\.matches\(")  # comments, and selectors
    lines = (line for line in code.splitlines() if not silent.match(line))
    texts = [text for line in lines for text in re.findall(STRING, line.split(" // ")[0])]
    styled = re.compile(rf"class: {STRING}")
    classes = {text for line in code.splitlines() for text in styled.findall(line)}
    assert not [text for text in texts if SENTENCE.match(text) and text not in classes]


def test_every_key_in_code_is_in_the_table() -> None:
    english = table("en")
    asked = {
        key
        for name in SCRIPTS
        for key in re.findall(r'\b(?:words|pieces)\("([\w.-]+)"', (STATIC / name).read_text())
    }
    assert len(asked) > 100
    assert asked <= english.keys()


def test_numbers_and_dates_are_written_in_one_place() -> None:
    # toFixed is for what machines read: places in a drawing, and what a slider stands at.
    machine = re.compile(r"^const path =|aria-valuenow", re.M)
    for name in set(SCRIPTS) - {"numbers.js"}:
        lines = (STATIC / name).read_text("utf-8").splitlines()
        found = [line for line in lines if re.search(r"toFixed|toLocale|Intl\.[^P]", line)]
        assert [line for line in found if not machine.search(line)] == [], name


def test_every_equation_of_the_page_is_notation_or_has_its_words_in_the_table() -> None:
    text = (STATIC / "equations.js").read_text("utf-8")
    table_of = text.partition("const EQUATIONS = {")[2].partition("\n};")[0]
    written = set(re.findall(r"^  (\w+): \(", table_of, re.M))
    ours = (*LAYERS, *RULES, nn.SoftmaxCrossEntropy, nn.SquaredError)
    assert {kind.__name__ for kind in ours} <= written
    assert "null" not in table_of, "a backward rule that is written in words alone"
    said = {found.strip() for found in re.findall(r'\bword\("([^"]+)"\)', text)}
    assert said <= {"max", "var", "tanh", "log", "softmax"}


@pytest.mark.parametrize("kind", [*LAYERS, *RULES, nn.SoftmaxCrossEntropy, nn.SquaredError])
def test_what_a_layer_a_rule_and_a_loss_do_is_said_without_words(kind: type) -> None:
    words = Equations.of(kind)
    found = set(re.findall(r"[A-Za-z]{3,}", f"{words.forward} {words.backward}"))
    settings = {field.name for field in fields(kind)}
    assert found - settings <= {
        "step", "mean", "log", "softmax", "max", "argmax", "tanh", "deviation"
    }  # fmt: skip
    assert words.backward or kind is nn.GradientDescent


def test_what_docstrings_say_is_on_no_page() -> None:
    # They are English: the page writes equations by its own notation and the table of words.
    for name in SCRIPTS:
        code = (STATIC / name).read_text("utf-8")
        assert not re.search(r"\b(layer|e|chosen)\.(gradient|equation|about)\b", code), name


def test_the_page_says_what_each_recipe_is_in_every_language() -> None:
    said = {key.removeprefix("recipe.") for key in table("en") if key.startswith("recipe.")}
    assert {name for name in said if not name.startswith("name.")} == set(starting_points.names())


def test_the_page_says_why_to_look_at_a_field_in_every_language() -> None:
    said = {key.removeprefix("forms.flag.") for key in table("en") if key.startswith("forms.flag.")}
    told = (rows.__doc__ or "").partition("A flag is")[2]
    assert said == set(re.findall(r'"([^"]+)"', told))
    assert {*rows.NO_VALUE, rows.NO_READING, rows.DOUBTFUL_FLAG, *RISING_FLAGS} < said


def test_the_page_says_what_is_wrong_with_a_sheet_in_every_language() -> None:
    prefix = "forms.problem."
    said = {key.removeprefix(prefix): said for key, said in table("en").items() if prefix in key}
    assert said.keys() == LINES.keys()
    for code, line in LINES.items():
        assert {frozenset(names(sentence)) for sentence in said[code]} == {frozenset(names(line))}


# What is counted here is never one: layers of a block, units, images of a set, limits.
MANY = re.compile(
    r"(block|lens\.(all|summed)|learn\.(speed|examples)|runs\.data|draw\.several|read\.large"
    r"|lesson\.about|diagram\.title|model\.parameters|refused)"
)


def test_what_is_counted_has_a_form_for_one() -> None:
    counted = re.compile(r"\{(?:n|digits)\} [a-z]{3,}s\b")
    alone = [key for key, said in table("en").items() if len(said) == 1 and counted.search(said[0])]
    assert [key for key in alone if not MANY.match(key)] == []


# Verbs of one thing right before a number: "ist nur {n}".
SINGULAR = {
    "de": r"\b(ist|fehlt|wird)( nur)? \{n\}",
    "es": r"\b(se ve|falta|queda|solo hay) \{n\}",
    "fr": r"\b(est|manque) \{n\}",
}


@pytest.mark.parametrize("language", SINGULAR)
def test_a_verb_before_a_number_has_a_form_for_many(language: str) -> None:
    alone = {key: said[0] for key, said in table(language).items() if len(said) == 1}
    assert [key for key, said in alone.items() if re.search(SINGULAR[language], said)] == []
