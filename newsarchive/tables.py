"""Reports as tables for people: aligned, at most 100 columns wide."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from newsarchive.extract.text import UNPRINTABLE
from newsarchive.store.diff import changed_lines, changed_words
from newsarchive.store.reports import by_section

WIDTH = 100


def console(widest: int = WIDTH) -> Console:
    """Return a console on standard output that is never wider than ``widest``, nor :data:`WIDTH` where it is no terminal."""
    columns = os.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    return Console(width=min(columns, widest), highlight=False, markup=False, emoji=False)


def words(text: str = "", style: str = "") -> Text:
    """Return what a page or a user wrote as it may be shown: no markup of ours, and nothing that a terminal would obey."""
    return Text(UNPRINTABLE.sub("", text), style)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> Table:
    """Return a table; columns whose name ends in ``#`` are numbers, and stand to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left", title_style="bold")
    for column in columns:
        grid.add_column(
            words(column.removesuffix("#")),
            justify="right" if column.endswith("#") else "left",
            no_wrap=column.endswith("#"),
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*(words("" if value is None else str(value)) for value in row))
    return grid


def print_coverage(out: Console, reports: list[dict], days: bool = False) -> None:
    """Print coverage reports; with ``days`` every day, else only those on which something is owed."""
    if not reports:
        out.print("No listing was walked and no article seen yet; scrapy report crawls says how the crawls ended.")
    for report in reports:
        totals = report["totals"]
        out.print(
            words(report["site"], style="bold"),
            words("{seen} articles seen = {stored} stored + {excluded} excluded + {owed} owed".format(**totals)),
        )
        if totals["second_hand"]:
            out.print(words(f"{totals['second_hand']} of the stored are second-hand: from web archives or the files of others"))
        out.print()
        rows = [
            (r["source"], r["section"], _span(r["first"], r["last"]), r["seen"], r["stored"], r["excluded"], r["owed"])
            for r in by_section(report["rows"])
        ]
        out.print(table(("source", "section", "days", "seen#", "stored#", "excluded#", "owed#"), rows))
        out.print()
        if detail := [r for r in report["rows"] if days or r["owed"]]:
            rows = [
                (r["day"] or "not known", r["source"], r["section"], r["seen"], r["stored"], r["excluded"], r["owed"])
                for r in detail
            ]
            out.print(table(("day", "source", "section", "seen#", "stored#", "excluded#", "owed#"), rows))
            out.print()
        if report["excluded"]:
            rows = [(r["state"].replace("_", " "), r["reason"], r["pages"]) for r in report["excluded"]]
            out.print(table(("excluded", "reason", "articles#"), rows))
            out.print()
        if report["owed"]:
            rows = [
                (
                    r["state"].replace("_", " "),
                    r["reason"] or "not asked yet",
                    r["pages"],
                    r["tries"],
                    (r["due_at"] or "")[:16].replace("T", " "),
                )
                for r in report["owed"]
            ]
            out.print(table(("owed", "reason", "articles#", "tries#", "next try"), rows))
            out.print()
        rows = [
            (
                listing["source"],
                listing["section"] or urlsplit(listing["url"]).path or listing["url"],
                listing["started_at"][:16].replace("T", " "),
                listing["end"],
                "by days" if listing["by_days"] else "yes" if listing["whole"] else "no",
                _depth(listing),
                listing["pages"],
                listing["links"],
            )
            for listing in _fold_days(report["listings"])
        ]
        out.print(table(("source", "listing", "last walk", "end", "whole", "back to", "pages#", "links#"), rows))
        out.print()
        if report["images"]:
            states = (f"{n} {state.replace('_', ' ')}" for state, n in report["images"].items())
            out.print(words(f"Picture files: {', '.join(states)}"))
            out.print()
        if report["complete"]:
            out.print(
                "Complete: every article that the listings show is stored or excluded, and all were walked whole.",
                style="green",
            )
        else:
            out.print("Not complete:", style="red")
            for line in report["missing"]:
                out.print(words(f"  {line}"))
        out.print()


def _span(first: str | None, last: str | None) -> str:
    return "" if first is None else first if first == last else f"{first} … {last}"


def _depth(listing: dict) -> str:
    if listing["source"] == "feed":
        return "newest only"
    return "its end" if listing["covers"] == "" else listing["covers"] or listing["reached"] or ""


def _fold_days(listings: list[dict]) -> list[dict]:
    """Days that were walked whole become one row a source; each other day stays a row."""
    for source in ("days", "wayback"):
        listings = _folded(listings, source)
    return listings


def _folded(listings: list[dict], source: str) -> list[dict]:
    whole = [listing for listing in listings if listing["source"] == source and listing["whole"] and listing["since"]]
    others = [listing for listing in listings if listing not in whole]
    if len(whole) < 2:
        return listings
    first, last = min(w["since"] for w in whole), max(w["since"] for w in whole)
    return others + [
        {
            "source": source,
            "section": f"{len(whole)} days {first} … {last}",
            "started_at": max(w["started_at"] for w in whole),
            "end": "exhausted",
            "whole": True,
            "by_days": False,
            "covers": first,
            "reached": first,
            "pages": sum(w["pages"] for w in whole),
            "links": sum(w["links"] for w in whole),
        }
    ]


def print_fields(out: Console, rows: list[dict]) -> None:
    """Print the filled share of each field, one column a site."""
    sites = list(dict.fromkeys(row["site"] for row in rows))
    for site in sites:
        own = [row for row in rows if row["site"] == site]
        shares = [
            (
                row["field"],
                f"{row['share']:.1%}",
                f"{row['filled']} of {row['articles']}",
                "█" * round(row["share"] * 40),
            )
            for row in own
        ]
        out.print(table((site, "filled#", "articles#", ""), shares))
        out.print()


def print_changes(out: Console, rows: list[dict]) -> None:
    """Print revisions, newest first."""
    found = [
        (
            row["superseded_at"][:16].replace("T", " "),
            row["id"],
            ", ".join(row["changed"]) + (" (silent)" if row["silent"] else ""),
            row["cause"],
            row["headline"],
        )
        for row in rows
    ]
    out.print(table(("noticed", "article", "changed", "cause", "headline"), found) if found else "No article has changed.")


def print_crawls(out: Console, rows: list[dict]) -> None:
    """Print crawls, newest first."""
    found = [
        (
            row["id"],
            row["spider"],
            row["started_at"][:16].replace("T", " "),
            row["reason"],
            row["requests"],
            row["new"],
            row["revised"],
            row["unchanged"],
            " ".join(f"{name}={value}" for name, value in row["arguments"].items()),
        )
        for row in rows
    ]
    out.print(table(("crawl#", "site", "started", "end", "requests#", "new#", "revised#", "unchanged#", "arguments"), found))


def print_alarms(out: Console, rows: list[dict]) -> None:
    """Print the alarms that are on, and those that there were."""
    on = [row for row in rows if row["ended_at"] is None]
    for row in on:
        out.print(words(f"{row['site'] or 'archive'}: {row['kind'].replace('_', ' ')}, {row['subject']}", style="bold red"))
        out.print(words(f"  since {row['began_at'][:16].replace('T', ' ')}: {row['reason']}"))
        out.print()
    ended = [
        (
            row["began_at"][:16].replace("T", " "),
            row["ended_at"][:16].replace("T", " "),
            row["site"] or "archive",
            row["kind"].replace("_", " "),
            row["subject"],
        )
        for row in reversed(rows)
        if row["ended_at"] is not None
    ]
    if not on:
        out.print("No alarm is on.", style="green")
    if ended:
        out.print(table(("began", "ended", "site", "alarm", "subject"), ended[:20]))
    if len(ended) > 20:
        out.print(words(f"… and {len(ended) - 20} before"))


def print_growth(out: Console, report: dict) -> None:
    """Print how fast the archive grows."""
    millions = {name: f"{report[name] / 1e6:,.1f} MB" for name in ("database", "files", "bytes_a_day", "free")}
    out.print(words("{database} in the database, {files} in files; {free} are free on the disk".format(**millions)))
    days = report["days_until_full"]
    last = f"the disk is full in {days} days" if days is not None else "nothing grows"
    out.print(words(f"{millions['bytes_a_day']} a day in the last {report['days']:g} days: {last}"))


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while the block runs, if that is a terminal; it gives a function that takes steps."""
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n: bar.advance(task, n)


@contextmanager
def steps(what: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is at work while the block runs, if that is a terminal; it gives a function that names it."""
    console = Console(stderr=True)
    with console.status(what) if sys.stderr.isatty() else nullcontext() as status:
        yield lambda name: status.update(words(f"{what} {name}")) if status else None


def print_diff(out: Console, title: str, fields: Sequence[tuple[str, Any, Any]]) -> None:
    """Print the changes of ``fields`` (name, old, new), block by block and word by word."""
    out.print(words(title, style="bold"))
    for field, old, new in fields:
        out.print(words(f"  {field}"))
        for what, before, after in changed_lines(old, new):
            line = words(style={"-": "red", "+": "green"}.get(what, ""))
            if what == "~":
                for sign, part in changed_words(before, after):
                    # Signs as well as colours: a pipe has none.
                    line.append({"-": f"[-{part}-]", "+": f"{{+{part}+}}", "=": part}[sign], {"-": "red", "+": "green"}.get(sign))
            else:
                line.append(before or after)
            grid = Table.grid(padding=(0, 1, 0, 0))
            grid.add_row("   ", words(what, style=line.style), line)  # a long paragraph stays behind its sign
            out.print(grid)
    out.print()


def print_edits(out: Console, article: dict) -> None:
    """Print the edits of one article, oldest first."""
    out.print(words(article["headline"] or "(no headline)", style="bold"))
    out.print(words(article["id"]))
    out.print(words(article["url"]), soft_wrap=True)  # an address cut in two cannot be followed
    out.print()
    for edit in article["edits"]:
        who = {"publisher": "by the publisher", "reread": "read otherwise by newer code"}.get(edit["cause"], "by nobody knows whom")
        title = f"{edit['noticed_at'][:16].replace('T', ' ')} UTC  revision {edit['revision']} → {edit['becomes']}, {who}"
        if edit["silent"]:
            title += ", silent: the page still gives its old time of change"
        if edit["returned"]:
            title += ", back to an earlier text"
        print_diff(out, title, [(field["field"], field["old"], field["new"]) for field in edit["fields"]])
    count = len(article["edits"])
    out.print(f"{count or 'No'} edit{'' if count == 1 else 's'} seen.")


def print_rereading(
    out: Console, read: int, changed: int, counts: dict, examples: dict, unreadable: list, missing: int, applied: bool
) -> None:
    """Print what a second reading found."""
    out.print(
        words(
            f"{read} articles read again, {changed} of them otherwise than before." + (" Written." if applied and changed else "")
        )
    )
    if counts:
        out.print()
        out.print(table(("field", "articles#"), sorted(counts.items(), key=lambda item: -item[1])))
        out.print()
    for field, found in examples.items():
        for id, old, new in found:
            print_diff(out, id, [(field, old, new)])
    if missing:
        out.print(words(f"{missing} articles have no capture and were left as they are."))
    for line in unreadable[:20]:
        out.print(words(f"Not readable: {line}"), style="red")
    if len(unreadable) > 20:
        out.print(words(f"… and {len(unreadable) - 20} more"))
