// Makes the thread quicker; all of it works without. Replies open in place, keys move, a draft outlives the page.
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
  keepDraft(holder.querySelector("form"));
  holder.querySelector("textarea").focus();
}

// A draft is kept in this browser at each pause and taken away once the text is posted. It belongs to the person and
// the post, not to the visit: it is there again after the next launch. A browser that keeps nothing keeps no drafts.
function storage(name) { try { return window[name]; } catch { return null; } }
const drafts = storage("localStorage"), tab = storage("sessionStorage");

function keepDraft(form) {
  if (!drafts) return;
  const area = form.querySelector("textarea"), said = form.querySelector("[data-draft-said]");
  const key = `draft ${document.body.dataset.reader} ${form.dataset.draft}`;
  const kept = drafts.getItem(key);
  let timer;
  if (kept && !area.value) { area.value = kept; said.textContent = "Your draft is back."; }
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { drafts.setItem(key, area.value); said.textContent = "Draft kept in this browser."; }, 500);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); tab.setItem("posted", key); });
}

const posted = tab?.getItem("posted");
if (posted && new URLSearchParams(location.search).has("at")) { drafts.removeItem(posted); tab.removeItem("posted"); }
document.querySelectorAll("form[data-draft]").forEach(keepDraft);

const onceButtons = () => document.querySelectorAll("[data-once] button");
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-once]")) onceButtons().forEach((button) => { button.disabled = true; });
});
addEventListener("pageshow", () => onceButtons().forEach((button) => { button.disabled = false; })); // after "back"

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-reply], [data-jump]");
  if (!link || event.ctrlKey || event.metaKey) return;
  const target = link.matches("[data-jump]") && document.getElementById(link.hash.slice(1));
  if (link.matches("[data-reply]")) { event.preventDefault(); openReply(link); }
  else if (target) { event.preventDefault(); go(target); }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, input, select")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "p") inCurrent("[data-jump]")?.click();
  else if (event.key === "r" && inCurrent("[data-reply]")) { event.preventDefault(); inCurrent("[data-reply]").click(); }
});

const named = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
// After the browser has gone there itself, which takes the focus away from whatever has it.
if (named) addEventListener("load", () => requestAnimationFrame(() => go(named)));
document.querySelector("[data-focus]")?.focus(); // browsers ignore `autofocus` in another site's frame
