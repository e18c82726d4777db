"""``python -m moved_clock 2026-03-05T08:00:00+00:00 crawl demo …``: Scrapy, begun at that time.

``datetime`` alone is moved: delays and timeouts run as ever.
"""

from __future__ import annotations

import datetime as module
import sys

_datetime = module.datetime


class MovedDatetime(_datetime):
    """Its present is ``shift`` away from the true one."""

    shift = module.timedelta()

    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + cls.shift


if __name__ == "__main__":
    MovedDatetime.shift = _datetime.fromisoformat(sys.argv.pop(1)) - _datetime.now(module.UTC)
    module.datetime = MovedDatetime
    from scrapy.cmdline import execute

    execute(["scrapy", *sys.argv[1:]])
