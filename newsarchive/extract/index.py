"""The elements of a page by the words of their classes and their ids, so that few CSS selectors have to look at every element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from cssselect.parser import Attrib, Class, CombinedSelector, Element, FunctionalPseudoElement, Hash, Selector, parse
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from newsarchive.extract.select import compiled, is_xpath, text_of

OPERATORS = ("exists", "=", "^=")
"""Those of attributes that are compared here."""

# As strings that know their element: to ask each element for its attribute, or whether it has one, costs twice as much.
_classes = etree.XPath("descendant-or-self::*/@class")
_ids = etree.XPath("descendant-or-self::*/@id")


class Index:
    """The tree below ``root``, for queries that may be bounded to what is ``within`` an element of it.

    A query is XPath or CSS, see :func:`newsarchive.extract.select.compiled`; an empty one finds nothing.
    """

    def __init__(self, root: etree._Element):
        self.root = root
        self._classes = _classes(root)
        alike: dict[str, list[int]] = {}
        for n, value in enumerate(self._classes):
            alike.setdefault(value, []).append(n)
        self._numbers: dict[str, list[list[int]]] = {}
        """Word → for each class that has it, which elements of those that have a class have that."""
        for value, numbers in alike.items():
            for word in set(value.split()):
                self._numbers.setdefault(word, []).append(numbers)
        self._by_word: dict[str, list[etree._Element]] = {}
        self._by_id: dict[str, list[etree._Element]] | None = None
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

    def _found(self, query: str, within: etree._Element | None) -> Iterator[list]:
        """Yield what each of the alternatives of ``query`` finds, in the order of the page."""
        if not query:
            return
        top = self.root if within is None else within
        if is_xpath(query):
            yield compiled(query)(top)
            return
        for alternative in _alternatives(query):
            if not alternative.needed.issubset(self._numbers):
                continue
            found = self._fitting(alternative.parts, top)
            if found is None:
                yield alternative.path(top)
            elif alternative.attribute is None:
                yield found
            else:
                yield [value for element in found if (value := element.get(alternative.attribute)) is not None]

    def _fitting(self, parts: list[_Part], top: etree._Element) -> list[etree._Element] | None:
        """Return the elements that the last of ``parts`` fits, below those that the others fit; None: each is to be looked at."""
        *above, part = parts
        if not part.known:
            return None
        if not above:
            if (some := self._some(part)) is None:
                return None
            fitting = some if part.is_word else filter(part.fits, some)
            return list(fitting) if top is self.root else [element for element in fitting if _is_in(element, top)]
        if not (holders := self._fitting(above, top)):
            return holders
        around, known = set(holders), {}
        if not part.is_indexed and part.tag:
            outermost = [holder for holder in holders if not _is_below(holder, around, known)]
            some = chain.from_iterable(holder.iter(part.tag) for holder in outermost)
        elif (some := self._some(part)) is None:
            return None
        return [element for element in some if part.fits(element) and _is_below(element, around, known)]

    def _some(self, part: _Part) -> Iterable[etree._Element] | None:
        """Return elements among which are all that ``part`` fits on the page; None when that takes a look at each."""
        if part.words:
            return self._with_word(part.words[0])
        if part.id:
            return self._with_id(part.id)
        if part.begins:
            words = [self._with_word(word) for word in self._numbers if word.startswith(part.begins)]
            return words[0] if len(words) == 1 else self._ordered(chain.from_iterable(words))
        return list(self.root.iter(part.tag)) if part.tag else None

    def _with_word(self, word: str) -> list[etree._Element]:
        if word not in self._by_word:
            numbers = self._numbers.get(word, [])
            together = numbers[0] if len(numbers) == 1 else sorted(chain.from_iterable(numbers))
            self._by_word[word] = [self._classes[n].getparent() for n in together]
        return self._by_word[word]

    def _with_id(self, name: str) -> list[etree._Element]:
        if self._by_id is None:
            self._by_id = {}
            for value in _ids(self.root):
                self._by_id.setdefault(value, []).append(value.getparent())
        return self._by_id.get(name, [])


class _Part:
    """What is asked of one element: no more than its own tag, class, id and attributes, when it is ``known``."""

    def __init__(self, tree):
        self.tag: str | None = None
        self.id = ""
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.known = self._read(tree)
        beginnings = [value for name, operator, value in self.attributes if (name, operator) == ("class", "^=")]
        self.begins = beginnings[0].partition(" ")[0] if beginnings else ""
        """How a word of the class begins."""
        self.is_word = self.known and len(self.words) == 1 and not self.tag and not self.attributes
        """Nothing is asked for but one word."""
        self.is_indexed = bool(self.words or self.id or self.begins)

    def _read(self, tree) -> bool:
        """Note what ``tree`` asks of an element; False when it asks for more than is noted."""
        if isinstance(tree, Element):
            self.tag = tree.element and tree.element.lower()
            return tree.namespace is None
        if isinstance(tree, Class):
            self.words.append(tree.class_name)
            return self._read(tree.selector)
        if isinstance(tree, Hash):
            self.id = tree.id
            self.attributes.append(("id", "=", tree.id))
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
        if len(self.words) > 1 and not set(self.words).issubset(element.get("class").split()):
            return False
        for name, operator, value in self.attributes:
            found = element.get(name)
            if found is None or (operator == "=" and found != value) or (operator == "^=" and not found.startswith(value)):
                return False
        return True


class _Alternative:
    """One of the selectors that stand in a list."""

    def __init__(self, selector: Selector):
        xpath = HTMLTranslator().selector_to_xpath(selector, "descendant-or-self::", translate_pseudo_elements=True)
        self.path = etree.XPath(xpath, smart_strings=False)
        tree, parts = selector.parsed_tree, []
        while isinstance(tree, CombinedSelector) and tree.combinator == " ":
            parts.append(_Part(tree.subselector))
            tree = tree.selector
        self.parts = [_Part(tree), *reversed(parts)]
        """What is asked of an element, behind what is asked of some around it."""
        self.needed = frozenset(word for part in self.parts for word in part.words)
        """Words that stand in a class on every page on which it finds something."""
        pseudo = selector.pseudo_element
        self.attribute = pseudo.arguments[0].value if isinstance(pseudo, FunctionalPseudoElement) else None
        """The attribute whose values it finds; None when it finds elements."""
        if pseudo is not None and self.attribute is None:
            self.parts[-1].known = False


@lru_cache(maxsize=512)
def _alternatives(query: str) -> tuple[_Alternative, ...]:
    return tuple(map(_Alternative, parse(query)))


def _is_in(element: etree._Element, top: etree._Element) -> bool:
    return element is top or any(above is top for above in element.iterancestors())


def _is_below(element: etree._Element, holders: set[etree._Element], known: dict[etree._Element, bool]) -> bool:
    """Tell whether ``element`` stands in one of ``holders``; what is ``known`` of those around it is not looked for again."""
    passed = []
    above = element.getparent()
    while above is not None and above not in holders and above not in known:
        passed.append(above)
        above = above.getparent()
    found = above is not None and (above in holders or known[above])
    known.update(dict.fromkeys(passed, found))
    return found
