"""The elements of a page by the words of their classes, so that few CSS selectors have to look at every element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from cssselect.parser import Attrib, Class, CombinedSelector, Element, Selector, parse
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from newsarchive.extract.select import compiled, is_xpath, text_of

OPERATORS = ("exists", "=", "^=")
"""Those of attributes that are compared here."""

_classed = etree.XPath("descendant-or-self::*[@class]")


class Index:
    """The tree below ``root``, for queries that may be bounded to what is ``within`` an element of it.

    A query is XPath or CSS, see :func:`newsarchive.extract.select.compiled`; an empty one finds nothing.
    """

    def __init__(self, root: etree._Element):
        self.root = root
        self._by_word: dict[str, list[etree._Element]] = {}
        for element in _classed(root):
            for word in set(element.get("class").split()):
                self._by_word.setdefault(word, []).append(element)
        self._order: dict[etree._Element, int] = {}
        self._matching: dict[str, set[etree._Element]] = {}

    def matching(self, query: str) -> set[etree._Element]:
        """Return the elements that ``query`` finds; the same set for all who ask."""
        if query not in self._matching:
            self._matching[query] = set(chain.from_iterable(self._found(query, None)))
        return self._matching[query]

    def elements(self, query: str, within: etree._Element | None = None) -> list[etree._Element]:
        """Return the elements that ``query`` finds, in the order of the page; of a query for values, these."""
        found = [some for some in self._found(query, within) if some]
        if len(found) <= 1:
            return found[0] if found else []
        return self._ordered(chain.from_iterable(found))

    def first(self, query: str, within: etree._Element | None = None) -> etree._Element | None:
        """Return the first element that ``query`` finds. Of CSS alternatives the one that stands first in the list wins."""
        return next((some[0] for some in self._found(query, within) if some), None)

    def strings(self, query: str, within: etree._Element | None = None) -> list[str]:
        """Return what ``query`` finds as text: values as they are, of elements all text inside."""
        return [x if isinstance(x, str) else text_of(x) for x in self.elements(query, within)]

    def _ordered(self, found: Iterable[etree._Element]) -> list[etree._Element]:
        """Return ``found`` in the order of the page, each once."""
        found = set(found)
        if len(found) > 1 and not self._order:
            self._order = {element: n for n, element in enumerate(self.root.iter())}
        return sorted(found, key=self._order.__getitem__) if len(found) > 1 else list(found)

    def _found(self, query: str, within: etree._Element | None) -> Iterator[list[etree._Element]]:
        """Yield what each of the alternatives of ``query`` finds, in the order of the page."""
        if not query:
            return
        top = self.root if within is None else within
        if is_xpath(query):
            yield compiled(query)(top)
            return
        for alternative in _alternatives(query):
            if not alternative.needed.issubset(self._by_word):
                continue
            if (some := self._some(alternative)) is None:
                yield alternative.path(top)
            elif some:
                yield [element for element in some if alternative.fits(element) and (top is self.root or _is_in(element, top))]

    def _some(self, alternative: _Alternative) -> Iterable[etree._Element] | None:
        """Return elements among which are all that ``alternative`` finds on the page; None when that takes a look at each."""
        if not alternative.compound:
            return None
        if alternative.words:
            return self._by_word[alternative.words[0]]
        if alternative.begins:
            words = [elements for word, elements in self._by_word.items() if word.startswith(alternative.begins)]
            return words[0] if len(words) == 1 else self._ordered(chain.from_iterable(words))
        return list(self.root.iter(alternative.tag)) if alternative.tag else None


class _Alternative:
    """One of the selectors that stand in a list."""

    def __init__(self, selector: Selector):
        xpath = HTMLTranslator().selector_to_xpath(selector, "descendant-or-self::", translate_pseudo_elements=True)
        self.path = etree.XPath(xpath, smart_strings=False)
        self.tag: str | None = None
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.compound = self._read(selector.parsed_tree) and selector.pseudo_element is None
        """No more is asked for than an element's own tag, class and attributes."""
        self.needed = frozenset(self.words)
        """Words that stand in a class on every page on which it finds something."""
        beginnings = [value for name, operator, value in self.attributes if (name, operator) == ("class", "^=")]
        self.begins = beginnings[0].partition(" ")[0] if beginnings else ""
        """How a word of the class begins."""

    def _read(self, tree) -> bool:
        """Note what ``tree`` asks of an element; False when it asks for more than is noted."""
        if isinstance(tree, Element):
            self.tag = tree.element and tree.element.lower()
            return tree.namespace is None
        if isinstance(tree, Class):
            self.words.append(tree.class_name)
            return self._read(tree.selector)
        if isinstance(tree, Attrib):
            value = tree.value.value if tree.value else None
            self.attributes.append((tree.attrib.lower(), tree.operator, value))
            known = tree.operator in OPERATORS and (tree.operator == "exists" or bool(value)) and not tree.namespace
            return self._read(tree.selector) and known
        if isinstance(tree, CombinedSelector):
            self._read(tree.selector), self._read(tree.subselector)
        return False

    def fits(self, element: etree._Element) -> bool:
        """Tell whether ``element`` has all that is asked for."""
        if self.tag and element.tag != self.tag:
            return False
        if len(self.words) > 1 and not self.needed.issubset(element.get("class").split()):
            return False
        for name, operator, value in self.attributes:
            found = element.get(name)
            if found is None or (operator == "=" and found != value) or (operator == "^=" and not found.startswith(value)):
                return False
        return True


@lru_cache(maxsize=512)
def _alternatives(query: str) -> tuple[_Alternative, ...]:
    return tuple(map(_Alternative, parse(query)))


def _is_in(element: etree._Element, top: etree._Element) -> bool:
    return element is top or any(above is top for above in element.iterancestors())
