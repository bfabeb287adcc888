// Beside a field for writing: how many words it holds, and the editor, loaded only where somebody wants it.
import { say, sayCount } from "./words.js";

const wantsPosts = "formatting posts", wantsComments = "formatting comments";

function remembered(name) { try { return localStorage.getItem(name); } catch { return null; } }
function remember(name, value) { try { localStorage.setItem(name, value); } catch { /* this browser keeps nothing */ } }

// As lti_tool/blog/text.py counts them: runs of characters that hold at least one letter or digit.
const wordsIn = (text) => text.split(/[\s\x1c-\x1f\x85]+/u).filter((run) => /[\p{L}\p{N}]/u.test(run)).length;

function countWords(area, said) {
  const number = wordsIn(area.value), count = number.toLocaleString(`${document.documentElement.lang}-u-nu-latn`);
  said.textContent = sayCount("%(count)s word", "%(count)s words", number, { count });
}

function setUp(form) {
  const area = form.querySelector('textarea[name="body"]'), said = form.querySelector("[data-words]");
  if (!area || form.dataset.isSetUp) return;
  form.dataset.isSetUp = "yes";
  if (said) {
    area.addEventListener("input", () => countWords(area, said));
    countWords(area, said);
  }
  if (form.dataset.editor) offerEditor(form, area, said);
}

function offerEditor(form, area, said) {
  const byDefault = form.dataset.editorIs === "on", name = byDefault ? wantsPosts : wantsComments;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = say("Formatting");
  said.before(button, " ");
  let editor = null, coming = null;

  function show() {
    button.setAttribute("aria-pressed", String(Boolean(editor)));
    form.querySelectorAll("[data-without-editor]").forEach((part) => { part.hidden = Boolean(editor); });
  }
  async function turnOn(focus) {
    coming ??= import(form.dataset.editor);
    try {
      const { mount } = await coming;
      const had = document.activeElement === area;
      editor ??= mount(area, { images: form.dataset.images, pictures: form.dataset.pictures, names: form.dataset.names });
      if (focus || had) editor.focus();
    } catch {
      coming = null; // the plain field stays, and holds the text
    }
    show();
  }
  function turnOff() { editor.unmount(); editor = null; show(); area.focus(); }

  button.addEventListener("click", () => {
    remember(name, editor ? "off" : "on");
    if (editor) turnOff(); else turnOn(true);
  });
  show();
  if ((remembered(name) ?? (byDefault ? "on" : "off")) !== "on") return;
  if (byDefault) turnOn(false);
  else area.addEventListener("focus", () => turnOn(true), { once: true }); // the thread itself stays light
}

const forms = (root) => root.querySelectorAll("form[data-draft]").forEach(setUp);
document.addEventListener("writing", (event) => forms(event.target));
forms(document);
