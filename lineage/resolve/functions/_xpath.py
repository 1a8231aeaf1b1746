"""
What an XPath finds in XML, where that is a text, a number or true or false.

Nodes are refused: in which form a name would show them is not documented, and what is documented of
`[1]` contradicts XPath 1.0.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Number
from typing import Any
from xml.etree.ElementTree import ElementTree, ParseError, TreeBuilder, XMLParser

from lineage.resolve.functions._function import Markup, Refused, fits, string

LONGEST_PATH = 1_024  # characters
MOST_ELEMENTS = 2_000
MOST_VISITS = 50_000  # of elements, at worst
_RECKONING = frozenset({"(decimal)", "+", "-", "div", "number", "sum"})


def parsed(text: str) -> Markup:
    """A text that is XML, without a document type: nothing in it is expanded or fetched."""
    if len(_tree(text)[1]) > MOST_ELEMENTS:
        raise Refused(f"takes no more than {MOST_ELEMENTS} elements")
    return Markup(text)


def xpath(markup: Any, path: Any) -> Any:
    """The text, number or truth that a path gives; `markup` is what `xml` gave."""
    if not isinstance(markup, (Markup, str)):
        raise Refused("takes XML and a path")
    whole = markup.text if isinstance(markup, Markup) else markup
    tree, names = _tree(whole)
    text = string(path)
    if len(text) > LONGEST_PATH or _visits(text, len(names)) > MOST_VISITS:
        raise Refused("takes no path that looks at so much")
    from elementpath import ElementPathError, XPath1Parser, XPathContext  # slow to import, rare

    try:
        spaces = _default(names, whole)
        root = XPath1Parser(namespaces=spaces).parse(text)
        found = root.evaluate(XPathContext(ElementTree(tree), namespaces=spaces))
        symbols = {token.symbol for token in root.iter()}
    except (ElementPathError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise Refused("a path that is not understood") from error
    return _plain(found, symbols)


def _visits(path: str, elements: int) -> int:
    """How often elements may be looked at: axes and predicates do it for each of those before."""
    nested = deepest = 0
    for each in re.findall(r"[\[\]]", path):
        nested += 1 if each == "[" else -1
        deepest = max(deepest, nested)
    over = deepest + max(1, len(re.findall(r"//|::", path))) + len(re.findall(r"[=<>]", path))
    return int((2 * elements) ** over) * len(re.findall(r"[/(]", path))  # texts between them too


def _default(names: Sequence[str], whole: str) -> dict[str, str]:
    """The namespace of elements without a prefix, where none has one: `name()` is told there."""
    spaces = {name[1:].partition("}")[0] for name in names if name.startswith("{")}
    alone = len(spaces) == 1 and "xmlns:" not in whole
    return {"": spaces.pop()} if alone else {}


def _plain(found: Any, symbols: set[str]) -> Any:
    if isinstance(found, bool):
        return found
    if isinstance(found, (int, float)) and float(found).is_integer() and abs(found) < 2**53:
        return int(found)
    if isinstance(found, str) and not symbols & _RECKONING:
        return fits(found)
    if isinstance(found, (Number, str)):
        raise Refused("a reckoned number that is not whole")
    raise Refused("nodes are not evaluated, only texts and numbers: string(…), count(…)")


def _tree(text: str) -> tuple[Any, list[str]]:
    """The root, and the names of all elements and attributes."""
    names: list[str] = []

    class Builder(TreeBuilder):
        def start(self, tag: Any, attributes: Any) -> Any:
            names.extend((tag, *attributes))
            return super().start(tag, attributes)

    if "<!DOCTYPE" in text or len(text) > 1_048_576:
        raise Refused("takes no document type, and no more than 1 MB")
    parser = XMLParser(target=Builder())  # noqa: S314  # entities need a document type
    try:
        parser.feed(text)
        return parser.close(), names
    except (ParseError, ValueError) as error:  # half a pair of surrogates is no text
        raise Refused("takes XML") from error
