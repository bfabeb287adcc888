// Names offered while somebody types "@": the list, its keys and what is said of it. The field itself is the caller's:
// a <textarea> (../mentions.js) or the editor (mentioning.js). Where the names do not come, nothing happens.
import { say, sayCount } from "../words.js";

const PAUSE = 150, GAP = 8;
const CALL = /(?:^|[^\p{L}\p{N}_@])@([\p{L}\p{N}_][^@\n\ufffc]{0,60})$/u; // as lti_tool/blog/mentions.py finds it
let count = 0;

function made(tag, attributes, parent) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

// `place()` is the caret's rectangle in the window; `take(length, text)` puts text instead of what stands before the
// caret; `tell(attributes)` gives the field what a screen reader goes by, or takes it away (null).
export class Suggestions {
  constructor(address, { place, take, tell }) {
    Object.assign(this, { address, place, take, tell, id: `names-${count += 1}`, names: [], at: 0, typed: "", done: null });
    this.close = this.close.bind(this);
  }

  // What stands before the caret, after each change.
  look(before) {
    this.typed = CALL.exec(before)?.[1] ?? "";
    clearTimeout(this.pause);
    this.asking?.abort();
    // Whoever nobody's name began with, nobody's does with more letters either.
    if (this.typed && this.done !== null && this.typed.startsWith(this.done)) return this.close();
    this.done = null;
    if (!this.typed) return this.close();
    this.status ??= made("p", { role: "status", class: "unseen" }, document.querySelector("main"));
    this.pause = setTimeout(() => this.ask(this.typed), PAUSE);
    return undefined;
  }

  async ask(typed) {
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const answer = await fetch(`${this.address}?typed=${encodeURIComponent(typed)}`, { headers: { "X-Requested-With": "fetch" }, signal });
      const { names } = answer.ok ? await answer.json() : { names: [] };
      if (signal.aborted) return;
      if (names.length) this.show(names);
      else { this.done = typed; this.close(); }
    } catch { if (!signal.aborted) this.close(); }
  }

  show(names) {
    this.box?.remove();
    this.names = names;
    this.box = made("ul", { role: "listbox", id: this.id, class: "names", "aria-label": say("Names") }, document.querySelector("main"));
    names.forEach((name, index) => {
      made("li", { role: "option", id: `${this.id}-${index}`, dir: "auto" }, this.box).textContent = name;
    });
    this.box.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.box.addEventListener("click", (event) => {
      const index = [...this.box.children].indexOf(event.target.closest("li"));
      if (index >= 0) this.choose(index);
    });
    this.put();
    this.mark(0);
    this.status.textContent = sayCount("%(count)s name", "%(count)s names", names.length);
    addEventListener("resize", this.close);
  }

  // Below the caret, or above it where the window ends; beginning where the words do.
  put() {
    if (!this.box) return;
    const caret = this.place(), { offsetWidth: width, offsetHeight: height } = this.box, room = document.documentElement.clientWidth;
    const start = getComputedStyle(this.box).direction === "rtl" ? caret.left - width : caret.left;
    const above = caret.bottom + height + GAP > innerHeight && caret.top > height + GAP;
    this.box.style.left = `${scrollX + Math.max(GAP, Math.min(start, room - width - GAP))}px`;
    this.box.style.top = `${scrollY + (above ? caret.top - height - 4 : caret.bottom + 4)}px`;
  }

  mark(index) {
    this.at = (index + this.names.length) % this.names.length;
    [...this.box.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === this.at)));
    this.box.children[this.at].scrollIntoView({ block: "nearest" });
    this.tell({ "aria-controls": this.id, "aria-activedescendant": `${this.id}-${this.at}` });
  }

  // Whether a key was for the list.
  key(event) {
    if (!this.box || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    const act = {
      ArrowDown: () => this.mark(this.at + 1),
      ArrowUp: () => this.mark(this.at - 1),
      Enter: () => this.choose(this.at),
      Tab: () => this.choose(this.at),
      Escape: () => { this.done = this.typed; this.close(); },
    }[event.key];
    if (!act) return false;
    event.preventDefault();
    event.stopPropagation();
    act();
    return true;
  }

  choose(index) {
    const name = this.names[index], { length } = this.typed;
    this.close();
    this.done = `${name} `; // what comes behind it is no name
    this.take(length, `${name} `);
  }

  close() {
    clearTimeout(this.pause);
    this.asking?.abort();
    if (!this.box) return;
    this.box.remove();
    this.box = null;
    this.status.textContent = "";
    removeEventListener("resize", this.close);
    this.tell(null);
  }
}
