// Shows a sync as it runs: reads the table anew while scores are on their way, and stops when none is.
import { say } from "./words.js";

const ledger = document.getElementById("ledger");
const [first, slowest, between] = [1000, 15000, 15000];  // milliseconds: two readings, two announcements
const lastly = document.createElement("p");
let [pause, spoken] = [first, Date.now()];

// A screen reader would be told each step; it is told now and then, and the end.
const quietly = (node) => node.querySelectorAll("[role=status]").forEach((one) => one.removeAttribute("role"));
const waiting = (node) => Number(node.querySelector("[data-waiting]")?.dataset.waiting ?? 0);
const words = (node) => node.querySelector("[data-waiting] span")?.textContent.trim() ?? "";
const sleep = (time) => new Promise((done) => setTimeout(done, time));

function announce(text) {
  lastly.textContent = text;
  spoken = Date.now();
}

async function seen() {
  while (document.hidden) {
    await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
  }
}

// Whoever is at a button keeps it: that part takes only the words and the bar, and the rest once they have gone on.
function put(fresh) {
  const [old, now] = [[...ledger.children], [...fresh.children]];
  if (old.length !== now.length) return ledger.replaceChildren(...now);
  for (const [place, part] of old.entries()) {
    if (part.isEqualNode(now[place])) continue;
    const scrolled = part.scrollLeft;
    if (!part.contains(document.activeElement)) part.replaceWith(now[place]);
    else if (part.dataset.waiting !== undefined) step(part, now[place]);
    now[place].scrollLeft = scrolled;
  }
}

function step(part, now) {
  part.dataset.waiting = now.dataset.waiting;
  part.querySelector("span").textContent = now.querySelector("span").textContent;
  const [bar, next] = [part.querySelector("progress"), now.querySelector("progress")];
  if (bar) bar.value = next ? next.value : bar.max;
}

async function follow() {
  let newest = null;
  quietly(ledger);
  ledger.addEventListener("focusout", () => setTimeout(() => newest && put(newest.cloneNode(true))));
  while (waiting(ledger)) {
    await sleep(pause);
    await seen();
    try {
      const answer = await fetch(ledger.dataset.table);
      if (answer.status >= 400 && answer.status < 500) {
        lastly.className = "quiet";
        return announce(say("This page is no longer brought up to date. Open the blog from your course page again."));
      }
      if (!answer.ok) throw new Error(answer.status);
      const page = document.createElement("template");
      page.innerHTML = await answer.text();
      quietly(page.content);
      const moved = words(page.content) !== words(ledger);
      newest = page.content;
      put(newest.cloneNode(true));
      pause = moved ? first : Math.min(pause * 1.2, slowest);
      if (moved && (!waiting(newest) || Date.now() - spoken > between)) announce(words(newest));
    } catch { // the network comes back or it does not; the next turn sees
      pause = Math.min(pause * 1.2, slowest);
    }
  }
}

lastly.className = "skip";
lastly.setAttribute("role", "status");
ledger.after(lastly);
if (waiting(ledger)) follow();
