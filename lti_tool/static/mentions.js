// Offers names in the plain fields where somebody writes. The editor does it for itself (writing/mentioning.js).
import { Suggestions } from "./writing/suggesting.js";

const LOOKS = ["boxSizing", "width", "padding", "border", "font", "letterSpacing", "wordSpacing", "tabSize", "direction", "unicodeBidi", "textAlign"];

// Where the caret of a field is in the window: browsers tell of none, so its text is laid out once more beside it.
function caretOf(area) {
  const mirror = document.createElement("div"), caret = document.createElement("span"), looks = getComputedStyle(area);
  for (const name of LOOKS) mirror.style[name] = looks[name];
  Object.assign(mirror.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", top: "0", left: "0" });
  caret.textContent = "\u200b";
  mirror.append(area.value.slice(0, area.selectionStart), caret);
  document.body.append(mirror);
  const from = mirror.getBoundingClientRect(), { left, top, bottom } = caret.getBoundingClientRect(), field = area.getBoundingClientRect();
  mirror.remove();
  const down = field.top - from.top - area.scrollTop;
  return { left: left - from.left + field.left, top: top + down, bottom: Math.min(bottom + down, field.bottom) };
}

function putIn(area, length, text) {
  const end = area.selectionStart;
  area.setSelectionRange(end - length, end);
  if (document.execCommand("insertText", false, text)) return; // it can be undone, and says `input` itself
  area.setRangeText(text, end - length, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function setUp(form) {
  const area = form.querySelector('textarea[name="body"]');
  if (!area || area.dataset.offersNames) return;
  area.dataset.offersNames = "yes";
  area.setAttribute("aria-autocomplete", "list");
  const offered = new Suggestions(form.dataset.names, {
    place: () => caretOf(area),
    take: (length, text) => putIn(area, length, text),
    tell: (attributes) => {
      for (const name of ["aria-controls", "aria-activedescendant"]) {
        if (attributes) area.setAttribute(name, attributes[name]); else area.removeAttribute(name);
      }
    },
  });
  area.addEventListener("input", () => {
    const isTyped = document.activeElement === area && area.selectionStart === area.selectionEnd;
    if (isTyped) offered.look(area.value.slice(0, area.selectionStart));
    else offered.close();
  });
  area.addEventListener("keydown", (event) => {
    if (!offered.key(event) && /^(Arrow|Home|End|Page)/.test(event.key)) offered.close();
  });
  for (const name of ["blur", "click"]) area.addEventListener(name, offered.close);
  area.addEventListener("scroll", () => offered.put());
}

const forms = (root) => root.querySelectorAll("form[data-names]").forEach(setUp);
document.addEventListener("writing", (event) => forms(event.target));
forms(document);
