// Makes the thread quicker; all of it works without. Replies open in place, keys move, a draft outlives the page.
const template = document.getElementById("reply-form");
const comments = () => [...document.querySelectorAll(".comment")];
let current = -1;

function show(element) {
  for (let branch = element.closest("details.branch"); branch; branch = branch.parentElement.closest("details.branch")) branch.open = true;
  element.scrollIntoView({ block: "nearest" });
}

function go(to) {
  const all = comments();
  if (!all.length) return;
  all[current]?.classList.remove("current");
  current = Math.max(0, Math.min(to, all.length - 1));
  const heading = all[current].querySelector("h3");
  all[current].classList.add("current");
  show(all[current]);
  heading.tabIndex = -1;
  heading.focus();
}

function openReply(link) {
  const article = link.closest("article");
  const open = document.querySelector("article > .reply-here");
  open?.remove();
  if (open && article.contains(open)) return;
  const holder = document.createElement("div");
  holder.className = "reply-here";
  holder.innerHTML = template.innerHTML.replaceAll("NUMBER", link.dataset.reply);
  holder.querySelector('[name="once"]').value = crypto.randomUUID?.() ?? String(Math.random());
  article.append(holder);
  keepDraft(holder.querySelector("form"));
  holder.querySelector("textarea").focus();
}

// A draft is kept in this browser at each pause and taken away once the text is posted.
function keepDraft(form) {
  const area = form.querySelector("textarea"), said = form.querySelector("[data-draft-said]");
  const key = `draft ${location.pathname} ${form.dataset.draft}`;
  let timer;
  try {
    const kept = localStorage.getItem(key);
    if (kept && !area.value) { area.value = kept; said.textContent = "Your draft is back."; }
  } catch { return; }
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { localStorage.setItem(key, area.value); said.textContent = "Draft kept in this browser."; }, 500);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); sessionStorage.setItem("posted", key); });
}

const posted = sessionStorage.getItem("posted");
if (posted && new URLSearchParams(location.search).has("at")) { localStorage.removeItem(posted); sessionStorage.removeItem("posted"); }
document.querySelectorAll("form[data-draft]").forEach(keepDraft);
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-once]")) event.target.querySelectorAll("button").forEach((button) => { button.disabled = true; });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-reply], [data-jump]");
  if (!link || event.ctrlKey || event.metaKey) return;
  const target = link.dataset.jump && document.getElementById(link.dataset.jump);
  if (link.dataset.reply) { event.preventDefault(); openReply(link); }
  else if (target) { event.preventDefault(); go(comments().indexOf(target)); }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, input, select")) return;
  if (event.key === "j") go(current + 1);
  else if (event.key === "k") go(current - 1);
  else if (event.key === "p") comments()[current]?.querySelector("[data-jump]")?.click();
  else if (event.key === "r") { const link = comments()[current]?.querySelector("[data-reply]"); if (link) { event.preventDefault(); openReply(link); } }
});
if (location.hash.startsWith("#c")) {
  const target = document.getElementById(location.hash.slice(1));
  if (target) { current = comments().indexOf(target); show(target); const heading = target.querySelector("h3"); heading.tabIndex = -1; if (!document.querySelector("[autofocus]")) heading.focus(); }
}
