"""What a program can tell of a page's accessibility; each check returns what it found wrong, in words.

WCAG 2.2, levels A and AA: axe-core's rules, the outline, names for screen readers, the keyboard's way through the page
(2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11), one column at 320 pixels (1.4.10), wider text spacing (1.4.12).
"""

import re
from itertools import pairwise
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def axe(page: Page) -> list[str]:
    """What axe-core says is broken, with the element it says it of."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT + ";0")
    found = page.evaluate("options => axe.run(document, options)", AXE)
    assert len(found["passes"]) >= 10, "axe has looked at nothing"
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:160]} | {node['failureSummary'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


OUTLINE = """() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]
  .filter(each => each.checkVisibility()).map(each => Number(each.tagName[1]))"""


def structure(page: Page) -> list[str]:
    """The title, the language, the landmarks, the headings' order."""
    wrong = []
    levels = page.evaluate(OUTLINE)
    if levels.count(1) != 1:
        wrong.append(f"{levels.count(1)} headings of level 1")
    wrong += [f"a heading jumps from level {a} to {b}" for a, b in pairwise(levels) if b > a + 1]
    if not page.title().strip():
        wrong.append("no title")
    if page.locator("html").get_attribute("lang") not in ("en", "es"):
        wrong.append("no language")
    if page.locator("main").count() != 1:
        wrong.append("no main landmark")
    return wrong


NAMELESS = re.compile(r"^\s*- (button|link|textbox|checkbox|radio|combobox|spinbutton|searchbox)(?=:|$|\s\[)")


def unnamed(page: Page) -> list[str]:
    """What a screen reader would call only by its kind: a line of the accessibility tree that holds no name."""
    tree = page.locator("body").aria_snapshot()
    return [f"without a name: {line.strip()}" for line in tree.splitlines() if NAMELESS.match(line)]


# Elements one can stop at, in the document's order. Of a group of radio buttons the keyboard stops at one.
STOPS = """() => {
  const all = [...document.querySelectorAll(
    'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]:not([tabindex="-1"])')]
    .filter(each => !each.disabled && each.checkVisibility({visibilityProperty: true}) && !each.closest('[inert]'));
  const groups = new Map();
  const kept = all.filter(each => {
    if (each.type !== 'radio') return true;
    const key = each.form + each.name, chosen = all.find(one => one.name === each.name && one.checked);
    if (chosen ? chosen !== each : groups.has(key)) return false;
    groups.set(key, true);
    return true;
  });
  kept.forEach((each, number) => { each.dataset.stop = number; });
  document.activeElement?.blur();
  document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex');
  scrollTo(0, 0);
  return kept.map(each => ({what: each.outerHTML.slice(0, 120), tabindex: each.tabIndex, ...LOOK(each)}));
}"""

# How an element looks, as far as a ring around it goes; a radio's or a switch's ring may be drawn around its label.
LOOK = """(each => {
  const near = [each, each.parentElement, each.nextElementSibling, each.closest('label')].filter(Boolean);
  return {looks: near.map(one => { const its = getComputedStyle(one);
    return [its.outlineStyle === 'none' ? 0 : its.outlineWidth, its.outlineColor, its.boxShadow, its.borderColor,
            its.backgroundColor].join(' '); }).join('|')};
})"""

FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body || each === document.documentElement) return null;
  const box = each.getBoundingClientRect();
  const seen = [...each.getClientRects()].some(({left, top, right, bottom}) => {
    // the middle of what lies in the window: a letter's field may be taller than a phone
    const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
    const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
    const at = document.elementFromPoint(x, y);
    return at && (each.contains(at) || at.contains(each) || at.closest('label')?.contains(each)
                  || at.closest('label')?.control === each);
  });
  const scrolls = each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight;
  return {scrolls, stop: Number(each.dataset.stop ?? -1), what: each.outerHTML.slice(0, 120), seen,
          small: box.width < 1 || box.height < 1, ...LOOK(each)};
}"""


PARTS_OF_A_DATE = 5
"""A field for a date holds the keyboard once for each part of it."""


def _with_look(script: str) -> str:
    return script.replace("LOOK", LOOK)


def keyboard(page: Page) -> list[str]:
    """Tab from the top to the bottom: every control once, in the document's order, with a ring, in sight, no trap."""
    stops: list[dict[str, Any]] = page.evaluate(_with_look(STOPS))
    wrong = [f"a tabindex of {stop['tabindex']}: {stop['what']}" for stop in stops if stop["tabindex"] > 0]
    visited: list[int] = []
    for _ in range(PARTS_OF_A_DATE * len(stops) + 3):
        page.keyboard.press("Tab")
        focused = page.evaluate(_with_look(FOCUSED))
        if focused is None or focused["stop"] in visited[:-1]:
            break
        if visited and focused["stop"] == visited[-1] >= 0:
            continue
        visited.append(focused["stop"])
        if focused["stop"] < 0 and focused["scrolls"]:  # the browser lets the keyboard move what scrolls
            continue
        if focused["stop"] < 0:
            wrong.append(f"stops at what is no control: {focused['what']}")
            continue
        if focused["looks"] == stops[focused["stop"]]["looks"]:
            wrong.append(f"no ring: {focused['what']}")
        if focused["small"] or not focused["seen"]:
            wrong.append(f"out of sight: {focused['what']}")
    else:
        wrong.append("the keyboard does not come out of the page")
    reached = [stop for stop in visited if stop >= 0]
    wrong += [f"never reached: {stops[each]['what']}" for each in range(len(stops)) if each not in reached]
    return wrong


WIDE = """() => {
  const most = document.documentElement.clientWidth, wide = [];
  if (document.scrollingElement.scrollWidth > most + 1)
    for (const each of document.querySelectorAll('main *, header *, footer *')) {
      let box = each.parentElement;
      while (box && getComputedStyle(box).overflowX === 'visible') box = box.parentElement;
      if (!box && each.getBoundingClientRect().right > most + 1) wide.push(each.outerHTML.slice(0, 120));
    }
  return wide;
}"""


def one_column(page: Page) -> list[str]:
    """Nothing but what scrolls in a box of its own is wider than the window."""
    return [f"wider than the window: {each}" for each in page.evaluate(WIDE)[:3]]


SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""

CUT = """() => [...document.querySelectorAll('main *, header *, nav *')].filter(each => {
  const its = getComputedStyle(each);
  const hides = value => value === 'hidden' || value === 'clip';
  return each.checkVisibility() && each.textContent.trim() && each.clientWidth > 1 && (
    hides(its.overflowX) && each.scrollWidth > each.clientWidth + 1 ||
    hides(its.overflowY) && each.scrollHeight > each.clientHeight + 1);
}).map(each => each.outerHTML.slice(0, 120))"""


def spacing(page: Page) -> list[str]:
    """With the text spacing a reader may ask for, no words are cut off."""
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
        SPACED,
    )
    found = page.evaluate(CUT)
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
    return [f"cut off when spaced: {each}" for each in found]
