"""What goes wrong on servers. Each fault is a switch of the demo site: ``site.faults[path] = FAULTS["reset"]``."""

from newsarchive.demo.faults import browser, connection, listings, pages, statuses, walls
from newsarchive.demo.faults.registry import FAULTS

__all__ = ["FAULTS", "browser", "connection", "listings", "pages", "statuses", "walls"]
