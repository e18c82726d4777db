"""Where alarms are sent: to a command, or to a webhook, once when they begin and once when they end."""

from __future__ import annotations

import asyncio
import json
import logging
import shlex
import shutil
import subprocess
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import newsarchive
from newsarchive.store.alarms import Alarm
from newsarchive.store.archive import Archive

logger = logging.getLogger(__name__)

SECONDS = 30
"""So long a command or a webhook may take."""


def check_sending(settings) -> None:
    """Raise ValueError when alarms could not be sent where the settings say."""
    if command := settings["ALARM_COMMAND"]:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"ALARM_COMMAND is no command ({error}): {command}") from None
        if not words or not shutil.which(words[0]):
            raise ValueError(f"ALARM_COMMAND: there is no program {words[0] if words else ''!r} to run")
    if (url := settings["ALARM_WEBHOOK"]) and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise ValueError(f"ALARM_WEBHOOK is {url!r}; it must be an http or https address")


def message(alarm: Alarm, archive: Archive) -> dict[str, Any]:
    """Return what is sent: the alarm, ``event`` (``begin`` or ``end``), the archive, and one line of ``text``."""
    event = "end" if alarm.ended_at else "begin"
    what = f"{alarm.site or 'archive'}: {alarm.kind.replace('_', ' ')} ({alarm.subject})"
    text = f"{what} is over" if alarm.ended_at else f"{what}: {alarm.reason}"
    return {"event": event, "text": text, "archive": str(archive.path.absolute()), **alarm.as_json()}


async def send_alarms(archive: Archive, settings) -> None:
    """Send what nobody was told. What cannot be sent is said in one line, and sent after the next crawl."""
    alarms = archive.alarms.take_untold()
    if not settings["ALARM_COMMAND"] and not settings["ALARM_WEBHOOK"]:
        return
    for alarm in alarms:
        data = json.dumps(message(alarm, archive), ensure_ascii=False).encode()
        try:
            await asyncio.to_thread(_send, data, settings["ALARM_COMMAND"], settings["ALARM_WEBHOOK"])
        except (OSError, subprocess.SubprocessError, URLError) as error:
            logger.error("An alarm could not be sent (%s); the next crawl tries again", " ".join(str(error).split()))
            archive.alarms.not_told(alarm)


def _send(data: bytes, command: str, webhook: str) -> None:
    if command:
        done = subprocess.run(shlex.split(command), input=data, capture_output=True, timeout=SECONDS)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise subprocess.SubprocessError(f"ALARM_COMMAND ended with {done.returncode}{f': {said[-1]}' if said else ''}")
    if webhook:
        headers = {"Content-Type": "application/json", "User-Agent": f"newsarchive/{newsarchive.__version__}"}
        with urlopen(Request(webhook, data, headers), timeout=SECONDS):
            pass
