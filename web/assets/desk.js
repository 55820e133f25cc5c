// What HTML alone cannot do on the desk: show the fields of a choice, keep focus on errors, notice a lost connection.
(() => {
  "use strict";

  const showEdits = () => {
    for (const fields of document.querySelectorAll("[data-shown-for]")) {
      const form = fields.closest("form"), chosen = form && form.querySelector("[name=verdict]:checked");
      const shows = chosen && fields.dataset.shownFor.split(" ").includes(chosen.value);
      fields.hidden = !("keep" in fields.dataset) && !shows;
    }
  };

  document.addEventListener("change", (event) => {
    if (event.target.name === "verdict") showEdits();
    const filters = event.target.closest("[data-submit-on-change]");
    if (filters) filters.requestSubmit();
  });

  // A second press while the first is on its way would sign nothing, but show a puzzling refusal.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  const lost = (gone) => {
    const banner = document.getElementById("lost");
    if (banner) banner.hidden = !gone;
  };
  document.addEventListener("htmx:sendError", () => lost(true));
  document.addEventListener("htmx:responseError", () => lost(true));
  document.addEventListener("htmx:afterOnLoad", () => lost(false));

  // A part of the page that came anew begins as the whole page did; a form that did not arrive may be sent again.
  document.addEventListener("htmx:afterSettle", showEdits);
  const again = (event) => {
    const form = event.detail.elt && event.detail.elt.closest("form");
    if (form) delete form.dataset.sent;
  };
  document.addEventListener("htmx:sendError", again);
  document.addEventListener("htmx:responseError", again);

  showEdits();
  const problem = document.querySelector("[data-focus]");
  if (problem) problem.focus();
})();
