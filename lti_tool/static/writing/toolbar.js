// One row of buttons, a single stop for the Tab key; the arrow keys go from button to button.
import { lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { liftListItem, wrapInList } from "prosemirror-schema-list";
import { schema } from "./document.js";
import { askLink, askNote, askPicture } from "./asking.js";
import { say } from "../words.js";

const { nodes, marks } = schema;

function inside(state, type, attrs = {}) {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    const node = $from.node(depth);
    if (node.type === type && Object.entries(attrs).every(([name, value]) => node.attrs[name] === value)) return true;
  }
  return false;
}

function marked(state, type) {
  const { from, to, empty, $from } = state.selection;
  return empty ? Boolean(type.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, type);
}

const heading = (level) => ({
  is: (state) => inside(state, nodes.heading, { level }),
  run: (state, dispatch) => (inside(state, nodes.heading, { level }) ? setBlockType(nodes.paragraph) : setBlockType(nodes.heading, { level }))(state, dispatch),
});
const list = (type) => ({
  is: (state) => inside(state, type),
  run: (state, dispatch) => (inside(state, type) ? liftListItem(nodes.list_item) : wrapInList(type))(state, dispatch),
});
const mark = (type) => ({ is: (state) => marked(state, type), run: toggleMark(type) });
export const quote = {
  is: (state) => inside(state, nodes.blockquote),
  run: (state, dispatch) => (inside(state, nodes.blockquote) ? lift : wrapIn(nodes.blockquote))(state, dispatch),
};

const BUTTONS = [
  { name: say("Heading"), ...heading(1) },
  { name: say("Subheading"), ...heading(2) },
  {
    // NOTE: the letter on the button that makes words bold
    shown: say("B"),
    name: say("Bold"), key: "B", look: "bold", ...mark(marks.strong),
  },
  {
    // NOTE: the letter on the button that makes words italic
    shown: say("I"),
    name: say("Italic"), key: "I", look: "italic", ...mark(marks.em),
  },
  { name: say("Quote"), ...quote },
  {
    // NOTE: short, on the button for a bulleted list
    shown: say("Bulleted"),
    name: say("Bulleted list"), ...list(nodes.bullet_list),
  },
  {
    // NOTE: short, on the button for a numbered list
    shown: say("Numbered"),
    name: say("Numbered list"), ...list(nodes.ordered_list),
  },
  { name: say("Link"), key: "K", is: (state) => marked(state, marks.link), ask: askLink },
  { name: say("Footnote"), ask: askNote },
  { name: say("Picture"), ask: askPicture, needs: "images" },
  { name: say("Undo"), shown: "↶", key: "Z", look: "turn", run: undo },
  { name: say("Redo"), shown: "↷", key: "Y", look: "turn", run: redo },
];

function buttonFor(entry) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = entry.shown ?? entry.name;
  button.setAttribute("aria-label", entry.name);
  // NOTE: what a button does, and the key for it: Bold (Ctrl+B)
  button.title = entry.key ? say("%(name)s (Ctrl+%(key)s)", { name: entry.name, key: entry.key }) : entry.name;
  if (entry.key) button.setAttribute("aria-keyshortcuts", `Control+${entry.key}`);
  if (entry.look) button.className = entry.look;
  button.tabIndex = -1;
  return button;
}

export function makeToolbar(place) {
  const bar = document.createElement("div"), asking = document.createElement("div");
  bar.className = "tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", say("Formatting"));
  const entries = BUTTONS.filter((entry) => !entry.needs || place[entry.needs]).map((entry) => ({ ...entry, button: buttonFor(entry) }));
  bar.append(...entries.map((entry) => entry.button));
  entries[0].button.tabIndex = 0;

  const press = (entry) => {
    if (entry.ask) return entry.ask(place, asking);
    entry.run(place.view.state, place.view.dispatch, place.view);
    return place.view.focus();
  };
  bar.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays where it is
  bar.addEventListener("click", (event) => {
    const entry = entries.find((one) => one.button === event.target.closest("button"));
    if (entry) press(entry);
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { place.view.focus(); return; }
    const at = entries.findIndex((one) => one.button === event.target), last = entries.length - 1;
    const [on, back] = [at === last ? 0 : at + 1, at ? at - 1 : last], isMirrored = getComputedStyle(bar).direction === "rtl";
    const to = { ArrowRight: isMirrored ? back : on, ArrowLeft: isMirrored ? on : back, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    entries[at].button.tabIndex = -1;
    entries[to].button.tabIndex = 0;
    entries[to].button.focus();
  });

  const update = (state) => entries.forEach(({ button, is, run, ask }) => {
    if (is) button.setAttribute("aria-pressed", String(Boolean(is(state))));
    if (!ask) button.setAttribute("aria-disabled", String(!run(state)));
  });
  const ask = (which, ...more) => entries.find((entry) => entry.ask === which)?.ask(place, asking, ...more);
  return { bar, asking, update, ask, focus: () => entries.find((one) => one.button.tabIndex === 0).button.focus() };
}
