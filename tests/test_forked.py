"""The tests' own way to run commands gives what a process gives that users start."""

from __future__ import annotations

import signal
import subprocess

import pytest
from conftest import command
from forked import forks


def test_a_forked_command_has_its_own_environment_folder_and_output(tmp_path):
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = newsarchive.settings\n")
    for contact in ("mailto:one@example.org", "mailto:two@example.org"):
        asked = ("settings", "--get", "CONTACT")
        assert command(*asked, NEWSARCHIVE_CONTACT=contact, cwd=tmp_path).stdout == f"{contact}\n"
    for words in (("report", "cover"), ("report", "-s", "ARCHIVE_DIR=nowhere")):
        forked, fresh = (command(*words, cwd=tmp_path, fresh=fresh) for fresh in (False, True))
        assert (forked.returncode, forked.stdout, forked.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)
        assert fresh.returncode == 2 and fresh.stderr


def test_a_forked_command_that_hangs_can_be_killed(play, tmp_path):
    site = play(override=lambda path: site.stopped.wait(60) and None, stories=40)
    words = ("crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={tmp_path}")
    with pytest.raises(subprocess.TimeoutExpired):
        command(*words, timeout=1)
    process = forks().start([*words])
    process.wait_for("Spider opened")
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
