"""What goes wrong on servers. Each fault is a switch of the demo site: ``site.faults[path] = FAULTS["reset"]``."""

from newsarchive.demo.faults import connection, listings, pages, statuses, walls
from newsarchive.demo.faults.registry import FAULTS

__all__ = ["FAULTS", "connection", "listings", "pages", "statuses", "walls"]
