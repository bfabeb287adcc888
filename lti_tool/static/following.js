// While a conversation is open: says when others have added to it, and lets a passage be quoted. Works without.
import { sayCount } from "./words.js";

const thread = document.querySelector("[data-news]");
const said = document.getElementById("news-said");

async function look() {
  if (document.hidden) return;
  let answer;
  try { answer = await fetch(thread.dataset.news, { headers: { Accept: "application/json" } }); } catch { return; }
  if (!answer.ok) return clearInterval(timer); // the visit has ended, or the post is gone
  const { count } = await answer.json();
  if (!count) return;
  const link = said.querySelector("a");
  link.textContent = sayCount("%(count)s new comment. Show it", "%(count)s new comments. Show them", count);
  said.hidden = false;
}
const timer = thread && setInterval(look, Number(thread.dataset.every) * 1000);
if (thread) document.addEventListener("visibilitychange", look); // back from another tab: at once

const quote = document.getElementById("quote");
let passage = "";
function chosen() {
  const selection = document.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0), within = range.commonAncestorContainer;
  const place = (within.closest ? within : within.parentElement).closest(".essay .body, .comment .text");
  return place && selection.toString().trim() ? { place, range, text: selection.toString().trim() } : null;
}
document.addEventListener("selectionchange", () => {
  if (!quote || quote.contains(document.activeElement)) return;
  const found = chosen();
  quote.hidden = !found;
  if (!found) return;
  passage = found.text;
  quote.dataset.comment = found.place.closest(".comment")?.id ?? "";
  const where = found.range.getBoundingClientRect();
  quote.style.top = `${scrollY + where.bottom + 6}px`;
  quote.style.left = `${Math.max(8, Math.min(scrollX + where.left, document.documentElement.clientWidth - quote.offsetWidth - 8))}px`;
});
quote?.addEventListener("click", () => {
  const comment = document.getElementById(quote.dataset.comment);
  const form = () => comment?.querySelector(":scope > article .reply-here textarea, :scope > article #write textarea");
  if (comment && !form()) comment.querySelector("[data-reply]")?.click();
  const field = form() ?? document.querySelector(".new textarea");
  if (!field) return;
  const quoted = passage.split(/\n+/).map((line) => `> ${line}`).join("\n>\n");
  field.value = `${field.value ? `${field.value.trimEnd()}\n\n` : ""}${quoted}\n\n`;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  quote.hidden = true;
  document.getSelection().removeAllRanges();
  field.scrollIntoView({ block: "center" });
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
});
