"""A listing that stands open in the browser, and shows more of itself round by round."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

from playwright.async_api import Error, Page

from newsarchive.chromium import BrowserFailed
from newsarchive.discovery.loadmore import END, MORE, LoadMore
from newsarchive.discovery.sections import Sections
from newsarchive.middlewares import RobotsForbidden
from newsarchive.pagerequests import PageRequests
from newsarchive.render import drawn_html, settle

QUIET_SECONDS = 1
"""So long nothing must happen until a round is over that brought nothing."""

MOST_LINKS = 10_000
"""A round takes no more."""

STEPS = 100
"""A round scrolls so often."""

# Every link that the page ever showed, with the elements around it as far as selectors may name them: a list that is
# scrolled on may take away what stood above.
COLLECT = """
(() => {
  if (window !== window.top) return;
  const LINKS = %s, ITEM = %s, fresh = [], had = new Set();
  const isPath = query => /^(\\/|\\.\\/|\\()/.test(query);
  const all = (query, root) => {
    if (!isPath(query)) return [...(root.matches && root.matches(query) ? [root] : []), ...root.querySelectorAll(query)];
    const found = document.evaluate(query, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({length: found.snapshotLength}, (_, n) => found.snapshotItem(n));
  };
  const around = link => {
    if (!ITEM) return link;
    if (!isPath(ITEM)) return link.closest(ITEM) || link;
    const items = new Set(all(ITEM, document));
    for (let element = link; element; element = element.parentElement) if (items.has(element)) return element;
    return link;
  };
  const collect = root => {
    for (const link of all(LINKS, root)) {
      if (!link.href || had.has(link.href) || had.size > 100000) continue;
      had.add(link.href);
      let element = around(link), html = element.outerHTML;
      for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
        const [open, close] = parent.cloneNode(false).outerHTML.split(/(?=<\\/[^<]*>$)/);
        html = open + html + (close || "");
      }
      fresh.push([String(link.href), html.slice(0, 20000)]);
    }
  };
  const watch = () => {
    new MutationObserver(changes => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) collect(node);
    }).observe(document, {childList: true, subtree: true});
  };
  watch();
  const take = () => {
    collect(document.documentElement);
    return fresh.splice(0, 500);
  };
  Object.defineProperty(window, "newsarchiveLinks", {value: take});
})()
"""
TAKE = "() => window.newsarchiveLinks ? window.newsarchiveLinks() : []"
BASE = "() => document.baseURI"
# By most of a window, so that a list that draws only what is in sight draws all of it in turn; at the end, the last link is
# brought into sight, in whatever box it is.
SCROLL = """
query => {
  const before = window.scrollY;
  window.scrollBy(0, window.innerHeight * 0.8);
  if (window.scrollY > before) return true;
  const links = query.startsWith("/") || query.startsWith("(") ? [] : document.querySelectorAll(query);
  if (links.length) links[links.length - 1].scrollIntoView({block: "end"});
  window.scrollTo(0, document.documentElement.scrollHeight);
  return false;
}
"""


class OpenListing:
    """A listing of ``source`` in the browser. ``identify`` tells which article an address is of; None: of none."""

    def __init__(self, source: Sections, identify: Callable[[str], object]):
        self.source, self.identify = source, identify
        self.rule: LoadMore = source.more
        self.page: Page | None = None
        self.asked: PageRequests | None = None
        self.given: set[object] = set()
        """Articles that the walk had, whatever page they stood on."""
        self.shown: set[object] = set()
        """Articles that this page showed; another page was open before when this one crashed."""

    @property
    def collector(self) -> str:
        """The script that runs before the page's own."""
        return COLLECT % (json.dumps(self.source.links), json.dumps(self.source.item))

    async def first(self) -> str:
        """Return the page as it opened, with what it showed and took away again."""
        page = await drawn_html(self.page)
        return page + "".join((await self._fresh())[0]) + (MORE if await self._may_go_on() else END)

    async def next(self) -> str:
        """Return what the page shows after a click, or after scrolling on. Raises when its scripts could not load it."""
        self.asked.begin_round()
        items, _ = await self._fresh()  # what came late, or stood there already on a page that was opened anew
        more = True
        for _ in range(STEPS):
            if not items:
                more, items, progress = await self._further()
            if items:
                head = f'<!doctype html><base href="{escape(await self.page.evaluate(BASE))}">\n'
                return head + "\n".join(items) + (MORE if more else END)
            if not progress or not more:
                break
        if self.asked.forbidden:
            raise RobotsForbidden(f"robots.txt forbids what the page asks for: {self.asked.failures[0]}")
        if self.asked.failures:
            raise BrowserFailed(f"the page did not get {self.asked.failures[0]}")
        if self.asked.waiting:
            raise BrowserFailed("the page still waits for its site")
        return "<!doctype html>" + (MORE if more else END)

    async def _further(self) -> tuple[bool, list[str], bool]:
        """Click or scroll once. Return whether it may go on, what is new to the walk, and whether anything moved."""
        moved = False
        if self.rule.click:
            button = self.page.locator(self.rule.click).first
            if await self._may_go_on():
                try:
                    await button.click(timeout=3000)
                except Error:  # something lies over it: nothing else is clicked, but the button need not be hit
                    await button.dispatch_event("click", timeout=3000)
        else:
            moved = bool(await self.page.evaluate(SCROLL, self.source.links))
        await settle(self.page, self.asked, quiet=0.1 if moved else QUIET_SECONDS)
        items, shown = await self._fresh()
        return await self._may_go_on(), items, moved or shown > 0

    async def _may_go_on(self) -> bool:
        if not self.rule.click:
            return True
        button = self.page.locator(self.rule.click).first
        return await button.is_visible() and await button.is_enabled()

    async def _fresh(self) -> tuple[list[str], int]:
        """Return the elements of articles that the walk had not, and how many the page had not shown."""
        items, shown, taken = [], 0, []
        while len(taken) < MOST_LINKS and (some := await self.page.evaluate(TAKE)):
            taken += some
        for address, element in taken:
            article = self.identify(address)
            if article is None:
                continue
            if article not in self.shown:
                self.shown.add(article)
                shown += 1
            if article not in self.given:
                self.given.add(article)
                items.append(element)
        return items, shown
