"""A Scrapy project that archives news sites."""

__version__ = "0.1.0"
