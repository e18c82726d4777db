"""Pages that are nothing without their scripts, and pages that harm a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from newsarchive.demo.faults.registry import fault
from newsarchive.demo.server import Answer, Asked, DemoSite

DRAW = """
fetch("/api" + location.pathname).then(answer => answer.json()).then(page => {
  document.head.insertAdjacentHTML("beforeend", page.head);
  document.body.innerHTML = page.body;
});
"""


def _page(title: str, body: str) -> Answer:
    return Answer(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'.encode()
    )


@fault()
def drawn(asked: Asked) -> Answer:
    """An empty frame; a script draws the article."""
    if asked.answer.status != 200:
        return asked.answer
    return _page("The Demo Courier", '<div id="app">Loading …</div><img src="/logo.png"><script src="/app.js"></script>')


@fault()
def drawn_data(asked: Asked) -> Answer:
    """What the script asks for: the page in two pieces, as JSON."""
    answer = asked.site.answer(asked.path.removeprefix("/api"))
    if answer.status != 200:
        return answer
    head, body = re.search(r"(?s)<head>(.*)</head><body>(.*)</body>", answer.body.decode()).groups()
    return Answer(json.dumps({"head": head, "body": body}).encode(), "application/json")


@fault()
def drawn_script(asked: Asked) -> Answer:
    return Answer(DRAW.encode(), "text/javascript")


CLICK = """
const button = document.querySelector("button.more");
button.onclick = () => {
  button.disabled = true;
  fetch(button.dataset.at).then(answer => answer.ok ? answer.text() : Promise.reject()).then(text => {
    const chunk = new DOMParser().parseFromString(text, "text/html");
    document.querySelector(".list").append(...chunk.querySelectorAll(".item"));
    const more = chunk.querySelector("a.more");
    if (more) { button.dataset.at = more.getAttribute("href"); button.disabled = false; } else button.remove();
  }).catch(() => { button.disabled = false; });
};
"""
SCROLL = """
let at = document.querySelector(".list").dataset.at, busy = false;
onscroll = () => {
  for (const item of document.querySelectorAll(".item")) {
    if (item.getBoundingClientRect().bottom < -200) {
      const gone = document.createElement("div");
      gone.style.height = "150px";
      item.replaceWith(gone);
    }
  }
  if (busy || !at || scrollY + innerHeight < document.documentElement.scrollHeight - 300) return;
  busy = true;
  fetch(at).then(answer => answer.text()).then(text => {
    const chunk = new DOMParser().parseFromString(text, "text/html");
    document.querySelector(".list").append(...chunk.querySelectorAll(".item"));
    const more = chunk.querySelector("a.more");
    at = more && more.getAttribute("href");
    busy = false;
  });
};
"""
MORE = re.compile(r'<a class="more" href="([^"]*)">More</a>')


@fault()
def more_by_click(asked: Asked) -> Answer:
    """A button instead of a link: a script loads what follows."""
    page = MORE.sub(r'<button class="more" data-at="\1">More</button>' + f"<script>{CLICK}</script>", asked.answer.body.decode())
    return replace(asked.answer, body=page.encode())


@fault()
def more_by_scrolling(asked: Asked) -> Answer:
    """A list that goes on when it is scrolled down, and forgets what was scrolled past."""
    page = asked.answer.body.decode()
    more = MORE.search(page)
    page = MORE.sub(f"<style>.item {{height: 150px}}</style><script>{SCROLL}</script>", page)
    return replace(asked.answer, body=page.replace('class="list"', f'class="list" data-at="{more[1]}"').encode())


@fault()
def busy_for_ever(asked: Asked) -> Answer:
    """A script that never ends."""
    return _page("The Demo Courier", "<div></div><script>while (true) {}</script>")


@fault()
def crashes(asked: Asked) -> Answer:
    """A script that takes all memory."""
    return _page("The Demo Courier", "<script>const all = []; while (true) all.push(new Array(1e7).fill(1.5));</script>")


@fault()
def windows(asked: Asked) -> Answer:
    """Dialogs, pop-ups and a download on the way to the article, and an address of another site."""
    trouble = """
    <script>
    alert("1"); confirm("2"); prompt("3");
    onbeforeunload = () => "4";
    for (let n = 0; n < 5; n++) open("/advertisement/" + n);
    const link = document.createElement("a");
    link.href = "data:application/octet-stream,x"; link.download = "x.bin"; link.click();
    setInterval(() => { if (document.querySelector("article")) location = "https://elsewhere.example/"; }, 50);
    </script><script src="/app.js"></script>"""
    return _page("The Demo Courier", trouble)


@fault()
def consent_wall(asked: Asked) -> Answer:
    """A wall that goes, and lets the article be drawn, when its button is pressed; another button must not be."""
    wall = f"""<div id="wall"><h1>Before you continue</h1><p>We value your privacy.</p><button id="sell">Subscribe</button>
    <button id="agree">Agree</button></div><script>
    document.getElementById("sell").onclick = () => fetch("/subscribed");
    document.getElementById("agree").onclick = () => {{ {DRAW} }};
    </script>"""
    return _page("Before you continue", wall)


@fault()
def spying(asked: Asked) -> Answer:
    """An article whose page asks for what is none of its business, by every way there is; ``/spied`` says where."""
    script = """
    fetch("/spied").then(answer => answer.json()).then(targets => {
      for (const url of targets) {
        fetch(url, {mode: "no-cors"}).catch(() => {});
        new Image().src = url;
        for (const [name, attribute] of [["script", "src"], ["iframe", "src"], ["link", "href"]]) {
          const element = document.createElement(name);
          if (name === "link") element.rel = "preconnect";
          element[attribute] = url;
          document.head.append(element);
        }
        try { new WebSocket(url.replace("http", "ws")); } catch (error) {}
        try { navigator.sendBeacon(url); } catch (error) {}
        try {
          const host = new URL(url).host;
          const peer = new RTCPeerConnection({iceServers: [{urls: "turn:" + host + "?transport=tcp", username: "a", credential: "b"}]});
          peer.createDataChannel("x");
          peer.createOffer().then(offer => peer.setLocalDescription(offer));
        } catch (error) {}
        open(url);
      }
    });
    """
    return _page("The Demo Courier", f"<script>{script}</script><script src='/app.js'></script>")


def draw_by_script(site: DemoSite) -> None:
    """Let scripts draw all articles of ``site``."""
    from newsarchive.demo.faults.registry import FAULTS

    site.faults |= {"/20*": FAULTS["drawn"], "/api/*": FAULTS["drawn_data"], "/app.js": FAULTS["drawn_script"]}
