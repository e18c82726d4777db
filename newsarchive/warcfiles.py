"""The WARC files of an archive: opened for a crawl, mended after a crash, let go when their time is over."""

from __future__ import annotations

import logging
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import scrapy

import newsarchive
from newsarchive.capturestore import CaptureStore
from newsarchive.dates import stamp
from newsarchive.replaystore import ReplayStore
from newsarchive.store.archive import Archive
from newsarchive.store.warc import OPEN, mend
from newsarchive.warcmessages import warc_date

logger = logging.getLogger(__name__)

# newsarchive-SITE-TIME-CRAWL[-listings]-SERIAL.warc.gz
NAME = re.compile(r"-(?P<crawl>\d{6,})(?P<listings>-listings)?-\d{5}\.warc\.gz")
CANNOT_KEEP = (
    "header names are written in title case and repeated ones stand together, the reason phrase is the standard's, chunked"
    " transfer is undone and Content-Length is that of the stored body: records hold the answer as Scrapy saw it; an answer 304"
    " is a revisit without its head"
)


def open_captures(archive: Archive, crawl: int, site: str, settings) -> CaptureStore | ReplayStore:
    """Return the store of the captures of ``crawl``."""
    folder = archive.path.parent / "warc"
    if settings["REPLAY"]:
        return ReplayStore(archive, crawl, Path(settings["REPLAY"]), folder)
    now = archive.now()
    retention = settings.getfloat("LISTING_CAPTURE_DAYS")
    mend_leftovers(archive, folder)
    if retention:
        drop_old_listings(archive, folder, retention)
    info = {
        "date": warc_date(now),
        "software": f"newsarchive/{newsarchive.__version__} Scrapy/{scrapy.__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "isPartOf": f"newsarchive of {site}, crawl {crawl}",
        "description": CANNOT_KEEP,
        "robots": "obey, RFC 9309" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": settings["USER_AGENT"],
        "operator": settings["CONTACT"],
        "hostname": socket.gethostname(),
    }
    time = datetime.fromisoformat(now).strftime("%Y%m%dT%H%M%S")
    enabled = settings.getbool("CAPTURE_ENABLED")
    return CaptureStore(
        archive, crawl, folder if enabled else None, f"newsarchive-{site}-{time}-{crawl:06}", info,
        settings.getint("WARC_MAX_BYTES"), retention,
    )  # fmt: skip


def check_replay(settings) -> None:
    """Raise ValueError or :class:`newsarchive.store.archive.ArchiveError` when ``REPLAY`` cannot be done."""
    if not settings["REPLAY"]:
        return
    source, target = Path(settings["REPLAY"]), Path(settings["ARCHIVE_DIR"])
    Archive(source / "archive.db", read_only=True).close()
    if (target / "archive.db").exists():
        raise ValueError(f"a replay wants an empty ARCHIVE_DIR, and {target} holds an archive; name another")


def mend_leftovers(archive: Archive, folder: Path) -> None:
    """Make whole the files of crawls that are dead: their torn ends are cut off, and what is erased goes out of them."""
    mended = []
    with archive.transaction():  # one crawl at a time
        live = set(archive.crawls.live())
        for path in sorted(folder.glob(f"*.warc.gz{OPEN}")):
            m = NAME.search(path.name)
            if m and int(m["crawl"]) in live:
                continue
            cut = mend(path, archive.captures.last_offset(path.name.removesuffix(OPEN)))
            whole = path.with_name(path.name.removesuffix(OPEN))
            logger.info("Mended %s: %d bytes of a record that was not whole are cut off", whole.name, cut)
            if whole.exists():
                mended.append(whole)
    for fault in archive.withdrawals.clean(files=mended, step=logger.debug) if mended else ():
        logger.error("Something of a withdrawn article is left: %s", fault)


def drop_old_listings(archive: Archive, folder: Path, days: float) -> None:
    """Remove files of listing captures that nothing younger than ``days`` can refer to."""
    # A listing's bytes are written anew at half their time: what is older by half is referred to by nothing that is kept.
    for path in sorted(folder.glob("*-listings-*.warc.gz")):
        # Nothing cites a file of revisits alone: they cite what they refer to.
        newest = archive.captures.newest_in(path.name) or stamp(datetime.fromtimestamp(path.stat().st_mtime, UTC))
        if newest < archive.ago(days * 1.5):
            archive.captures.forget_file(path.name)
            path.unlink()
            logger.info("Removed %s: its listings are older than LISTING_CAPTURE_DAYS", path.name)
