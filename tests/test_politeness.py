from __future__ import annotations

import asyncio
import time

import pytest
from conftest import command
from reference_pages import ReferencePages
from scrapy.resolver import dnscache

from newsarchive.demo.server import Answer
from newsarchive.middlewares import is_public
from newsarchive.settings import CONCURRENT_REQUESTS_PER_DOMAIN


def test_the_limit_a_host_is_held_at_the_server(play, crawl):
    """With a delay of 0 Scrapy 2.14 to 2.19 sends up to 16 at once; with any other the limit holds."""
    site = play(override=lambda path: time.sleep(0.05), stories=120)
    done = crawl(site)
    assert done.code == 0
    assert 1 < site.busiest <= CONCURRENT_REQUESTS_PER_DOMAIN


def test_both_hosts_behind_a_mirror_are_one_server_to_be_polite_to(play, crawl, tmp_path):
    site = play(ReferencePages, override=lambda path: time.sleep(0.05), stories=60)
    urls = tmp_path / "urls.txt"
    paths = [site.pages.path(story) for story in site.pages.newsroom.all() if not story.missing]
    hosts = ("sputnikglobe.com", "sputniknews.com")
    urls.write_text("\n".join(f"https://{hosts[n % 2]}{path}" for n, path in enumerate(paths)))
    done = crawl(site, "-a", f"urls={urls}")
    assert done.rows("select count(*) from article") == [(len(paths),)]
    assert site.busiest <= CONCURRENT_REQUESTS_PER_DOMAIN


def test_what_robots_forbids_is_refused_and_recorded(play, crawl):
    site = play(stories=60)
    story = site.pages.newsroom.all()[5]
    site.pages.robots = f"User-agent: newsarchive\nDisallow: {site.pages.path(story)}\n"
    done = crawl(site)
    assert done.rows("select state, reason from page where key = ?", str(story.number)) == [("refused", "robots.txt forbids it")]
    assert site.pages.path(story) not in site.requests
    assert done.rows("select count(*) from page where state = 'stored'") == [(58,)]


def test_a_robots_txt_that_cannot_be_had_means_no(play, crawl):
    """RFC 9309, 2.3.1.4."""
    site = play(override=lambda path: Answer(b"", status=503) if path == "/robots.txt" else None, stories=40)
    done = crawl(site, "-s", "RETRY_TIMES=1")
    assert site.requests == ["/robots.txt", "/robots.txt"]
    assert {end for (end,) in done.rows('select "end" from listing')} == {"robots"}
    assert "nothing is asked of it" in done.log


def test_an_outage_of_robots_txt_costs_no_page(play, crawl):
    """Pages that wait must not be taken for forbidden because the site was down for an hour."""
    site = play(stories=60)
    crawl(site, "-a", "max_articles=3", "-a", "section=world")
    site.override = lambda path: Answer(b"", status=503) if path == "/robots.txt" else None
    done = crawl(site, "-a", "section=world", "-s", "RETRY_TIMES=0")
    assert done.rows("select count(*), max(tries) from page where state = 'waiting'") == [(11, 0)]
    site.override = lambda path: None
    archive = type(done.archive())(done.folder / "archive.db")
    archive.db.execute("update page set due_at = null")
    archive.close()
    done = crawl(site, "-a", "section=world")
    assert done.rows("select count(*) from page where state = 'waiting'") == [(0,)]


def test_no_robots_txt_means_yes(play, crawl):
    site = play(override=lambda path: Answer(b"", status=404) if path == "/robots.txt" else None, stories=40)
    assert crawl(site).rows("select count(*) from article") == [(40,)]


def test_crawl_delay_is_kept(play, crawl):
    site = play(stories=40)
    site.pages.robots = "User-agent: *\nCrawl-delay: 0.3\n"
    began = time.monotonic()
    crawl(site, "-a", "source=feed", "-a", "max_articles=5")
    # robots.txt, the feed, five articles: five waits at least, whatever the machine does beside.
    assert len(site.requests) == 7
    assert time.monotonic() - began > 5 * 0.3


def test_the_user_agent_names_project_and_contact(play, crawl):
    seen = []
    site = play(stories=40)
    handler = site.server.RequestHandlerClass
    send = handler._send

    def record(self, answer):
        seen.append(self.headers["User-Agent"])
        send(self, answer)

    handler._send = record
    crawl(site, "-a", "source=feed", "-a", "max_articles=1", "-s", "CONTACT=mailto:desk@archive.example")
    assert set(seen) == {"newsarchive/0.1.0 (+mailto:desk@archive.example)"}


def test_settings_are_polite_by_default():
    done = command("settings", "--get", "DOWNLOAD_DELAY")
    assert float(done.stdout) >= 1
    for name, value in (
        ("ROBOTSTXT_OBEY", "True"),
        ("DOWNLOAD_VERIFY_CERTIFICATES", "True"),
        ("COOKIES_ENABLED", "False"),
        ("REMOTE_CONTROL_ENABLED", "False"),
        ("TELNETCONSOLE_ENABLED", "False"),
    ):
        assert command("settings", "--get", name).stdout.strip() == value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "2130706433", "::ffff:127.0.0.1", "10.1.2.3", "169.254.169.254", "fe80::1", "64:ff9b::7f00:1", "no-such-name.invalid"])  # fmt: skip
def test_nothing_but_a_public_address_is_asked_in_a_pages_name(host):
    """A name without an address now may have one of this machine a moment later, and so may one that has only IPv6."""
    assert not asyncio.run(is_public(host, unknown=False))


def test_the_address_that_was_looked_at_is_the_one_that_is_asked():
    dnscache.pop("192.0.32.7", None)
    assert asyncio.run(is_public("192.0.32.7", unknown=False))
    assert dnscache["192.0.32.7"] == "192.0.32.7"
