// Saves a page of questions as it is filled in. Without this script the page saves when it is sent.
"use strict";
(() => {
  const form = document.querySelector("form[data-saves]");
  if (!form) return;
  let waiting;
  const save = () => {
    const draft = new URLSearchParams(new FormData(form));
    draft.set("draft", "1");
    fetch(form.action, { method: "POST", body: draft, redirect: "manual", keepalive: true }).catch(() => {});
  };
  const soon = (milliseconds) => {
    clearTimeout(waiting);
    waiting = setTimeout(save, milliseconds);
  };
  form.addEventListener("change", () => soon(300));
  form.addEventListener("input", (event) => {
    if (event.target.tagName === "TEXTAREA") soon(2000);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
})();
