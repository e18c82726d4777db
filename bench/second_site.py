"""The demo site under another name, so that two sites are crawled at once."""

from newsarchive.spiders.demo import DemoSpider


class SecondSpider(DemoSpider):
    """Another paper of the same house."""

    name = "second"
