"use strict";
const search = document.getElementById("search");
const found = document.getElementById("found");
const articles = [...document.querySelectorAll(".event")];

// Shows what has all the words, and hides what then is empty.
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const article of articles) {
    const fits = words.every((word) => article.dataset.search.includes(word));
    article.hidden = !fits;
    shown += fits ? 1 : 0;
    const link = document.querySelector(`li[data-event="${CSS.escape(article.id)}"]`);
    if (link) link.hidden = !fits;
  }
  for (const group of document.querySelectorAll("nav .group")) group.hidden = !group.querySelector("li:not([hidden])");
  for (const domain of document.querySelectorAll(".domain")) if (domain.id) domain.hidden = !domain.querySelector(".event:not([hidden])");
  for (const id of ["top", "topology", "changes", "parties"]) document.getElementById(id).hidden = words.length > 0;
  found.textContent = words.length === 0 ? "" : `${shown} of ${articles.length}`;
}
search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { search.value = ""; filter(); search.blur(); }
  if (event.key === "Enter") {
    const first = articles.find((article) => !article.hidden);
    if (first) { first.firstElementChild.open = true; first.querySelector("summary").focus(); }
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
});

// A link to an event opens it, and wins over a search that hides it.
function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden || target.closest("[hidden]")) { search.value = ""; filter(); }
  if (target.classList.contains("event")) target.firstElementChild.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();

// On a phone the list of events is closed until somebody wants it, and again once one was chosen.
const menu = document.getElementById("menu");
const narrow = matchMedia("(max-width: 52rem)");
const fold = () => { menu.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
menu.addEventListener("click", (event) => { if (event.target.closest("a") && narrow.matches) menu.open = false; });

// The neighbours of a node: for a domain its publishers and consumers, for a party its domains.
const picture = document.querySelector(".topology");
function choose(node) {
  picture.classList.toggle("chosen", Boolean(node));
  for (const lit of picture.querySelectorAll(".on")) lit.classList.remove("on");
  if (!node) return;
  const light = (key) => picture.querySelector(`[data-node="${CSS.escape(key)}"]`)?.classList.add("on");
  light(node.dataset.node);
  for (const way of picture.querySelectorAll(".way")) {
    const { from, to } = way.dataset;
    if (from !== node.dataset.node && to !== node.dataset.node) continue;
    way.classList.add("on");
    light(from);
    light(to);
  }
}
for (const node of picture.querySelectorAll(".node")) {
  node.addEventListener("pointerenter", () => choose(node));
  node.addEventListener("pointerleave", () => choose(null));
  node.addEventListener("focus", () => choose(node));
  node.addEventListener("blur", () => choose(null));
}

// A page from a file may not use the clipboard everywhere: then the text is selected instead.
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentElement.nextElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Light, dark, or what the system says. Where nothing can be kept it lasts as long as the page.
const root = document.documentElement;
const kept = { get() { try { return localStorage.getItem("theme"); } catch { return null; } },
  set(theme) { try { localStorage.setItem("theme", theme); } catch { /* as said */ } } };
if (kept.get()) root.dataset.theme = kept.get();
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  kept.set(root.dataset.theme);
});

// Paper shows everything.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("main details:not([open]):not(.words)")];
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
