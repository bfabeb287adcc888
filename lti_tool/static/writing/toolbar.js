// One row of buttons, a single stop for the Tab key; the arrow keys go from button to button.
import { lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { liftListItem, wrapInList } from "prosemirror-schema-list";
import { schema } from "./document.js";
import { askLink, askNote, askPicture } from "./asking.js";

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
  { name: "Heading", shown: "Heading", ...heading(1) },
  { name: "Subheading", shown: "Subheading", ...heading(2) },
  { name: "Bold", shown: "B", keys: "Control+B", look: "bold", ...mark(marks.strong) },
  { name: "Italic", shown: "I", keys: "Control+I", look: "italic", ...mark(marks.em) },
  { name: "Quote", shown: "Quote", ...quote },
  { name: "Bulleted list", shown: "Bulleted", ...list(nodes.bullet_list) },
  { name: "Numbered list", shown: "Numbered", ...list(nodes.ordered_list) },
  { name: "Link", shown: "Link", keys: "Control+K", is: (state) => marked(state, marks.link), ask: askLink },
  { name: "Footnote", shown: "Footnote", ask: askNote },
  { name: "Picture", shown: "Picture", ask: askPicture, needs: "images" },
  { name: "Undo", shown: "↶", keys: "Control+Z", run: undo },
  { name: "Redo", shown: "↷", keys: "Control+Y", run: redo },
];

function buttonFor(entry) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = entry.shown;
  button.setAttribute("aria-label", entry.name);
  button.title = entry.keys ? `${entry.name} (${entry.keys.replace("Control", "Ctrl")})` : entry.name;
  if (entry.keys) button.setAttribute("aria-keyshortcuts", entry.keys);
  if (entry.look) button.className = entry.look;
  button.tabIndex = -1;
  return button;
}

export function makeToolbar(place) {
  const bar = document.createElement("div"), asking = document.createElement("div");
  bar.className = "tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Formatting");
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
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
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
  const ask = (name, ...more) => entries.find((entry) => entry.name === name)?.ask(place, asking, ...more);
  return { bar, asking, update, ask, focus: () => entries.find((one) => one.button.tabIndex === 0).button.focus() };
}
