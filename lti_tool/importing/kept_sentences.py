"""Sentences kept in the database until somebody reads them, in whatever language that is."""

from typing import Any

from lti_tool.wording import Said


def kept(sentence: str) -> Any:
    """Return a sentence as JSON holds it: with its values (texts, whole numbers, sentences); a mere text stays."""
    if not isinstance(sentence, Said):
        return sentence
    values = {name: kept(value) if isinstance(value, str) else value for name, value in sentence.values.items()}
    return {"said": sentence.template, "values": values, "plural": sentence.plural, "number": sentence.number}


def said_again(facts: Any) -> str:
    """Return the sentence that `kept` has made these facts of; one that was kept as a text is that text."""
    if not isinstance(facts, dict):
        return str(facts)
    values = {name: said_again(value) if isinstance(value, dict) else value for name, value in facts["values"].items()}
    return Said(facts["said"], values, facts["plural"], facts["number"])
