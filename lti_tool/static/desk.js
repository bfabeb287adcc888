// Marks by key and shows the next comment without a new page. Without this script the buttons do the same.
import { say } from "./words.js";

const queue = document.getElementById("queue");

async function send(form, mark) {
  const body = new URLSearchParams({ mark, feedback: form.feedback.value });
  form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error((await answer.json()).what);
    queue.innerHTML = await answer.text();
    document.getElementById("item-title").focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (problem) {
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    const said = form.querySelector(".problem") ?? form.appendChild(Object.assign(document.createElement("p"), { className: "problem" }));
    said.setAttribute("role", "alert");
    // NOTE: %(problem)s is a whole sentence: what happened and what to do.
    said.textContent = say("The mark was not saved: %(problem)s Your feedback is still here; try again.", { problem: problem.message });
  }
}

queue.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter?.value ?? "");
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const form = queue.querySelector("form"), writing = event.target.closest("textarea, input");
  if (writing) { if (event.key === "Escape") writing.blur(); return; }
  if (!form || form.querySelector("button:disabled")) return;
  if (/^[0-3]$/.test(event.key)) { event.preventDefault(); send(form, event.key); }
  else if (event.key === "f") { event.preventDefault(); form.feedback.focus(); }
  else if (event.key === "s") queue.querySelector("[data-skip]").click();
});
