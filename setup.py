"""The egg that scrapyd-deploy sends: the package, without tests. Dependencies stand in requirements-scrapyd.txt."""

from setuptools import find_packages, setup

setup(
    name="newsarchive",
    packages=find_packages(include=["newsarchive", "newsarchive.*"]),
    entry_points={"scrapy": ["settings = newsarchive.settings"]},
)
