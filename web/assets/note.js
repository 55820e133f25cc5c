// The page of a note: lights up what a sentence rests on, both ways; keys; keeps what is typed when the note comes anew.
(() => {
  "use strict";
  const page = document.querySelector("[data-note-page]");
  if (!page) return;
  const talk = document.getElementById("transcript");
  const announced = document.getElementById("announced");
  const beside = matchMedia("(min-width: 60.01rem)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const note = () => document.getElementById("note");
  let pinned = null;

  // -- which sentence rests on which words

  const isSentence = (each) => "sentence" in each.dataset || "leftOut" in each.dataset;
  const keyOf = (each) => each.dataset.sentence || each.dataset.leftOut;
  const holder = (element) => element.closest("[data-sentence], [data-left-out], .line[data-sentences]");
  const handle = (each) => each.querySelector(isSentence(each) ? ".said" : ".spoken");
  const sentenceOf = (key) => note().querySelector(`[data-sentence="${key}"]`);
  const wordsFor = (key) => (talk ? [...talk.querySelectorAll(`[data-for~="${key}"]`)] : []);

  const dark = () => {
    for (const each of page.querySelectorAll(".lit")) each.classList.remove("lit");
  };

  const light = (each, moves) => {
    dark();
    if (!each) return;
    each.classList.add("lit");
    if (isSentence(each)) {
      const words = wordsFor(keyOf(each));
      for (const part of words) {
        part.classList.add("lit");
        part.closest(".line").classList.add("lit");
      }
      if (moves && words.length) bring(words[0]);
    } else {
      for (const part of each.querySelectorAll("[data-for]")) part.classList.add("lit");
      const resting = each.dataset.sentences.split(" ").map(sentenceOf).filter(Boolean);
      for (const one of resting) one.classList.add("lit");
      if (moves && pinned && resting.length) resting[0].scrollIntoView({ block: "nearest", behavior: motion() });
    }
  };

  const motion = () => (still.matches ? "auto" : "smooth");

  // Only the transcript moves, never the page: what is read stays where it is.
  const bring = (part) => {
    if (!beside.matches) return;
    const box = talk.getBoundingClientRect(), its = part.getBoundingClientRect();
    if (its.top >= box.top + 48 && its.bottom <= box.bottom - 16) return;
    talk.scrollTo({ top: talk.scrollTop + its.top - box.top - box.height / 3, behavior: motion() });
  };

  // The transcript ends where the window ends, however far the page is scrolled: what it is moved to is in sight.
  const fit = () => {
    if (!talk) return;
    const top = Math.max(16, talk.getBoundingClientRect().top);
    talk.style.maxHeight = beside.matches ? `${Math.max(240, innerHeight - top - 16)}px` : "";
  };
  let fitting = 0;
  const fitSoon = () => {
    cancelAnimationFrame(fitting);
    fitting = requestAnimationFrame(fit);
  };
  addEventListener("scroll", fitSoon, { passive: true });
  addEventListener("resize", fitSoon);

  // Where the transcript is far below, a pinned sentence shows its lines right beneath itself.
  const quote = () => {
    for (const old of page.querySelectorAll(".quoted")) old.remove();
    if (beside.matches || !pinned || !isSentence(pinned)) return;
    const list = document.createElement("ul");
    list.className = "quoted plain";
    for (const line of new Set(wordsFor(keyOf(pinned)).map((part) => part.closest(".line")))) {
      const item = document.createElement("li");
      item.append(line.querySelector(".speaker").cloneNode(true));
      const words = document.createElement("p");
      words.className = "quoted-words";
      for (const part of line.querySelector(".spoken").childNodes) {
        const copy = document.createElement(part.classList && part.classList.contains("lit") ? "strong" : "span");
        copy.textContent = part.textContent;
        words.append(copy);
      }
      item.append(words);
      list.append(item);
    }
    if (list.children.length) (pinned.querySelector(".words-of") || pinned).append(list);
  };

  const pin = (each) => {
    if (pinned && handle(pinned)) handle(pinned).setAttribute("aria-pressed", "false");
    pinned = each;
    if (each) handle(each).setAttribute("aria-pressed", "true");
    light(each, true);
    quote();
  };

  const present = () => {
    const focused = document.activeElement && page.contains(document.activeElement) && holder(document.activeElement);
    light(pinned || focused || null, false);
  };

  page.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || pinned) return;
    const each = holder(event.target);
    if (each) light(each, true);
    else present();
  });
  page.addEventListener("pointerleave", () => { if (!pinned) present(); });
  page.addEventListener("focusin", (event) => {
    const each = holder(event.target);
    if (each && !pinned) light(each, true);
  });
  page.addEventListener("focusout", () => { if (!pinned) setTimeout(() => { if (!pinned) present(); }); });

  page.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link) return follow(event, link);
    const touched = event.target.closest(".said, .spoken");
    if (!touched || !getSelection().isCollapsed) return;
    const each = holder(touched);
    if (each) pin(pinned === each ? null : each);
  });

  const follow = (event, link) => {
    const to = document.getElementById(link.getAttribute("href").slice(1));
    if (!to) return;
    if (to.matches("input, textarea, select")) {
      event.preventDefault();
      return reveal(to);
    }
    const each = holder(to);
    if (each && handle(each).tabIndex === 0) {
      event.preventDefault();
      if (!isSentence(each) && beside.matches) {
        handle(each).focus({ preventScroll: true });
        bring(each);
      } else goTo(each);
    } else if (to.closest("#note")) {
      event.preventDefault();
      reveal(to);
    } else if (talk && talk.contains(to) && beside.matches) {
      event.preventDefault();
      bring(to);
    }
  };

  const goTo = (each) => {
    const its = handle(each);
    its.focus({ preventScroll: true });
    its.scrollIntoView({ block: "nearest", behavior: motion() });
  };

  const reveal = (to) => {
    const inside = to.closest("details");
    if (inside) inside.open = true;
    const field = to.matches(".flag") ? to.querySelector("select") : to;
    (field || to).focus({ preventScroll: true });
    to.scrollIntoView({ block: "center", behavior: motion() });
  };

  // Without this script a sentence is text with links; with it, something to press.
  const dress = () => {
    const all = [...page.querySelectorAll("[data-sentence], [data-left-out], .line[data-sentences]")];
    for (const its of all.map(handle)) {
      its.setAttribute("role", "button");
      its.setAttribute("tabindex", "0");
      if (!its.hasAttribute("aria-pressed")) its.setAttribute("aria-pressed", "false");
    }
    if (!talk) return;
    for (const ref of talk.querySelectorAll("[data-ref]")) {
      const sentence = sentenceOf(ref.dataset.ref);
      ref.hidden = !sentence;
      if (sentence) ref.querySelector(".of").textContent = sentence.dataset.number;
    }
    for (const part of talk.querySelectorAll("[data-for]"))
      part.classList.toggle("rests", part.dataset.for.split(" ").some(sentenceOf));
  };

  // -- keys

  const useKeys = document.getElementById("use-keys");
  if (useKeys) {
    try { useKeys.checked = localStorage.getItem("note-keys") !== "off"; } catch { /* a browser that keeps nothing */ }
    useKeys.addEventListener("change", () => {
      try { localStorage.setItem("note-keys", useKeys.checked ? "on" : "off"); } catch { /* as above */ }
    });
  }

  const sentences = () => [...note().querySelectorAll("[data-sentence]")];
  const here = () => document.activeElement && document.activeElement.closest("[data-sentence]");
  const step = (by) => {
    const all = sentences(), at = all.indexOf(here());
    const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
    if (all[to]) goTo(all[to]);
  };
  const press = (value) => {
    const button = here() && here().querySelector(`button[value="${value}"]`);
    if (button && !button.disabled) button.click();
  };
  const open = (details) => {
    if (!details) return;
    details.open = true;
    const field = details.querySelector("textarea");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  };
  const across = () => {
    const line = document.activeElement && document.activeElement.closest(".line[data-sentences]");
    if (line) {
      const back = line.dataset.sentences.split(" ").map(sentenceOf).find(Boolean);
      if (back) goTo(back);
      return;
    }
    const words = here() && wordsFor(keyOf(here()));
    if (words && words.length) goTo(words[0].closest(".line"));
  };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    e: () => open(here() && here().querySelector("details.edit")),
    x: () => press("drop"),
    u: () => press("up"),
    d: () => press("down"),
    a: () => open(((here() && here().closest(".note-section")) || note()).querySelector("details.add")),
    t: across,
    "/": () => { const choice = document.getElementById("format-choice"); if (choice) choice.focus(); },
    s: () => {
      const form = document.getElementById("sign");
      if (form) (form.querySelector("#password") || form.querySelector("button")).focus();
    },
    n: () => { const next = document.getElementById("next-note"); if (next) next.click(); },
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.key === "Escape") return leave(target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === "Enter" || event.key === " ") && target.matches(".said[role=button], .spoken[role=button]")) {
      event.preventDefault();
      const each = holder(target);
      return pin(pinned === each ? null : each);
    }
    if (!useKeys || !useKeys.checked || target.closest("input, textarea, select, [contenteditable]")) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const leave = (target) => {
    const details = target.closest && target.closest("#note details[open]");
    const sentence = target.closest && target.closest("[data-sentence]");
    if (details) {
      details.open = false;
      if (sentence) goTo(sentence);
      else details.querySelector("summary").focus();
    }
    if (pinned) pin(null);
  };

  // -- the note comes anew after each change; what is typed elsewhere on it, and not saved, stays

  const changed = (field) => {
    if (field.type === "hidden" || field.type === "radio" || field.type === "password" || field.name === "code")
      return false;
    if (field.tagName === "SELECT") {
      const first = [...field.options].find((one) => one.defaultSelected) || field.options[0];
      return field.value !== first.value;
    }
    return field.value !== field.defaultValue;
  };
  // The private note has a door of its own: it is saved apart, and no signature takes it along.
  const privately = () => {
    const field = document.getElementById("private-words");
    return field && changed(field) ? [field] : [];
  };
  const unsaved = (except) =>
    [...note().querySelectorAll("input, textarea, select")].filter(
      (field) => field.id && changed(field) && field.form !== except);

  let kept = [];
  const isChange = (event) => /\/changes$/.test((event.detail.pathInfo || {}).requestPath || "");

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isChange(event)) return;
    if ([409, 422].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    const sent = event.detail.requestConfig && event.detail.requestConfig.elt;
    kept = unsaved(sent && sent.closest("form")).map((field) => [field.id, field.value]);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!isChange(event)) return;
    for (const [id, value] of kept) {
      const field = document.getElementById(id);
      if (!field) continue;
      field.value = value;
      const inside = field.closest("details");
      if (inside) inside.open = true;
    }
    kept = [];
    const was = pinned && isSentence(pinned) ? keyOf(pinned) : null;
    if (was) pinned = null;
    dress();
    if (was && sentenceOf(was)) pin(sentenceOf(was));
    goOn();
  });

  const goOn = () => {
    const fresh = note(), to = document.getElementById(fresh.dataset.goesOn || "");
    if (to) {
      const each = holder(to);
      if (each && isSentence(each)) goTo(each);
      else to.focus();
    }
    if (announced) announced.textContent = fresh.dataset.said || "";
  };

  // Whoever goes to another page with words that are not saved is asked first; a decision has been asked already.
  let decided = false;
  addEventListener("beforeunload", (event) => {
    if (!decided && (unsaved().length || privately().length)) event.preventDefault();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "sign") return;
    const warning = document.getElementById("unsaved"), verdict = event.target.querySelector("[name=verdict]:checked");
    const signs = !verdict || verdict.value === "approve";
    const left = [...(signs ? unsaved(event.target) : []), ...privately()];
    warning.hidden = !left.length;
    decided = warning.hidden;
    if (decided) return;
    event.preventDefault();
    event.stopPropagation();
    warning.querySelector("a").setAttribute("href", `#${left[0].id}`);
    warning.focus();
  }, true);

  dress();
  fit();
  const asked = location.hash && document.getElementById(location.hash.slice(1));
  if (asked && holder(asked)) goTo(holder(asked));
})();
