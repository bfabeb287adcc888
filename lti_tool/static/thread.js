// Makes the thread quicker; all of it works without. Replies open in place, keys move.
const template = document.getElementById("reply-form");
let current = null;

const isFolded = (comment) => comment.parentElement.closest("details.branch:not([open])");
const inCurrent = (selector) => current?.querySelector(`:scope > article ${selector}`);

function go(comment) {
  current?.classList.remove("current");
  current = comment;
  current.classList.add("current");
  for (let branch = isFolded(current); branch; branch = isFolded(current)) branch.open = true;
  const heading = current.querySelector("h3");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  const whole = comment.querySelector(":scope > article").getBoundingClientRect();
  if (whole.top < 0 || whole.bottom > innerHeight) comment.scrollIntoView({ block: "start", behavior: "instant" });
}

function step(by) {
  while (current && isFolded(current)) current = isFolded(current).closest(".comment");
  const open = [...document.querySelectorAll(".comment")].filter((comment) => !isFolded(comment));
  const next = open[Math.max(0, Math.min(open.indexOf(current) + by, open.length - 1))];
  if (next) go(next);
}

function openReply(link) {
  const article = link.closest("article");
  const open = document.querySelector("article > .reply-here");
  open?.remove();
  if (open && article.contains(open)) return;
  const holder = document.createElement("div");
  holder.className = "reply-here";
  holder.innerHTML = template.innerHTML.replaceAll("NUMBER", link.closest(".comment").id.slice(1));
  holder.querySelector('[name="once"]').value = crypto.randomUUID?.() ?? String(Math.random());
  article.append(holder);
  holder.dispatchEvent(new Event("writing", { bubbles: true })); // drafts.js and formatting.js take it from there
  holder.querySelector("textarea").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-reply], [data-jump]");
  if (!link || event.ctrlKey || event.metaKey) return;
  const target = link.matches("[data-jump]") && document.getElementById(link.hash.slice(1));
  if (link.matches("[data-reply]")) { event.preventDefault(); openReply(link); }
  else if (target) { event.preventDefault(); go(target); }
});
// `n` goes to the next comment that is new: on this page, else where the link above the thread leads.
function nextNew() {
  const fresh = [...document.querySelectorAll(".new-one")];
  const next = fresh.find((comment) => !current || current.compareDocumentPosition(comment) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (next) go(next);
  else if (document.querySelector("[data-next-new]")) location = document.querySelector("[data-next-new]").href;
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: nextNew,
  p: () => inCurrent("[data-jump]")?.click(),
  r: () => inCurrent("[data-reply]")?.click(),
};
const keysAreOff = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
const keysPage = document.getElementById("keys");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, input, select, [contenteditable]")) return;
  if (event.key === "?" && keysPage) { event.preventDefault(); keysPage.showModal(); }
  else if (KEYS[event.key] && !keysAreOff()) { event.preventDefault(); KEYS[event.key](); }
});
const keysSwitch = keysPage?.querySelector("input");
if (keysSwitch) {
  keysSwitch.checked = !keysAreOff();
  keysSwitch.addEventListener("change", () => { try { localStorage.setItem("keys", keysSwitch.checked ? "on" : "off"); } catch { keysSwitch.checked = true; } });
  document.querySelector("[data-keys]").addEventListener("click", () => keysPage.showModal());
  document.querySelector("[data-keys]").hidden = false;
}

const named = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
// After the browser has gone there itself, which takes the focus away from whatever has it.
if (named) addEventListener("load", () => requestAnimationFrame(() => go(named)));
document.querySelector("[data-focus]")?.focus(); // browsers ignore `autofocus` in another site's frame
