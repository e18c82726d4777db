"""The limit of the framework: a spider that downloads pages and does nothing with them."""

from __future__ import annotations

import scrapy


class BareSpider(scrapy.Spider):
    """``urls``: a file of addresses."""

    name = "bare"

    async def start(self):
        with open(self.urls, encoding="utf-8") as file:
            for line in file:
                yield scrapy.Request(line.strip(), callback=self.parse)

    def parse(self, response):
        """Do nothing."""
