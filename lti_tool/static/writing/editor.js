// The editor over a <textarea> of Markdown. The textarea stays the truth: it is behind, always filled, and what is put
// into it from elsewhere (a draft, an assistive tool, a script) shows in the editor.
import { baseKeymap, chainCommands, exitCode, toggleMark } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { inputRules, textblockTypeInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem } from "prosemirror-schema-list";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { askLink, askPicture } from "./asking.js";
import { fromMarkdown, schema, toMarkdown } from "./document.js";
import { mentioning } from "./mentioning.js";
import { cleaned } from "./paste.js";
import { makeToolbar } from "./toolbar.js";
import { say } from "../words.js";

const { nodes, marks } = schema;
const EMPTY = 2; // the size of a document that holds one empty paragraph

const newLine = chainCommands(exitCode, (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
});

const typing = inputRules({
  rules: [
    textblockTypeInputRule(/^(#{1,2})\s$/, nodes.heading, (found) => ({ level: found[1].length })),
    wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
    wrappingInputRule(/^\s*([-*])\s$/, nodes.bullet_list),
    wrappingInputRule(/^(\d{1,3})\.\s$/, nodes.ordered_list, (found) => ({ order: Number(found[1]) })),
  ],
});

// The Tab key leaves the editor, as it leaves every field: lists go deeper by Ctrl+] and back by Ctrl+[.
const keys = (tools) => keymap({
  "Mod-b": toggleMark(marks.strong),
  "Mod-i": toggleMark(marks.em),
  "Mod-k": () => { tools().ask(askLink); return true; },
  "Mod-z": undo,
  "Mod-y": redo,
  "Shift-Mod-z": redo,
  Enter: splitListItem(nodes.list_item),
  "Shift-Enter": newLine,
  "Mod-]": sinkListItem(nodes.list_item),
  "Mod-[": liftListItem(nodes.list_item),
  "Alt-F10": () => { tools().focus(); return true; },
});

function pictureView(images) {
  return (node) => {
    const holder = document.createElement("span");
    holder.className = "picture";
    if (node.attrs.src.startsWith("image:") && images) {
      const picture = holder.appendChild(document.createElement("img"));
      picture.src = images + node.attrs.src.slice("image:".length);
      picture.alt = node.attrs.alt ?? "";
    } else holder.textContent = say("[picture: %(description)s]", { description: node.attrs.alt || node.attrs.src });
    return { dom: holder };
  };
}

function labelFor(area) {
  const label = area.labels?.[0];
  if (!label) return null;
  label.id ||= `${area.id}-label`;
  return label;
}

function putBehind(area, holder) {
  area.before(holder);
  area.classList.add("behind");
  area.tabIndex = -1;
  area.setAttribute("aria-hidden", "true");
}

function attributesFor(label) {
  return {
    role: "textbox", "aria-multiline": "true", class: "words", "aria-description": say("Alt+F10 goes to the formatting buttons."),
    ...(label ? { "aria-labelledby": label.id } : { "aria-label": say("Text") }),
  };
}

// Lists and quotations stand on the side where the text begins; an empty field, where the page does.
const directionFor = (doc) => (doc.content.size > EMPTY ? { dir: "auto" } : {});

/**
 * Put the editor over a textarea. `images` is the address that takes pictures, `pictures` the one that shows them, and
 * `names` the one that knows whom a text can call.
 */
export function mount(area, { images = "", pictures = "", names = "" } = {}) {
  const holder = document.createElement("div"), label = labelFor(area), place = { images };
  holder.className = "editor";
  let isOurs = false, tools;

  function dispatch(transaction) {
    const state = view.state.apply(transaction);
    view.updateState(state);
    tools?.update(state);
    if (!transaction.docChanged || transaction.getMeta("from outside")) return;
    isOurs = true;
    area.value = toMarkdown(state.doc);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    isOurs = false;
  }

  const view = new EditorView(holder, {
    state: EditorState.create({
      doc: fromMarkdown(area.value),
      plugins: [...(names ? [mentioning(names)] : []), typing, keys(() => tools), keymap(baseKeymap), history()],
    }),
    attributes: (state) => ({ ...attributesFor(label), ...directionFor(state.doc) }),
    nodeViews: { image: pictureView(pictures) },
    transformPastedHTML: cleaned,
    handlePaste: (_view, event) => takePicture(event.clipboardData),
    handleDrop: (_view, event) => takePicture(event.dataTransfer),
    dispatchTransaction: dispatch,
  });
  place.view = view;
  tools = makeToolbar(place);
  holder.prepend(tools.bar, tools.asking);
  tools.update(view.state);

  function takePicture(carried) {
    const picture = !carried?.getData("text/html") && [...(carried?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (picture && images) tools.ask(askPicture, picture);
    return Boolean(picture && images);
  }
  function fromOutside() {
    if (isOurs) return;
    const doc = fromMarkdown(area.value);
    view.dispatch(view.state.tr.replaceWith(0, view.state.doc.content.size, doc.content).setMeta("from outside", true));
  }
  function toEditor(event) { event.preventDefault(); view.focus(); }

  area.addEventListener("input", fromOutside);
  area.addEventListener("invalid", toEditor);
  label?.addEventListener("click", toEditor);
  label?.removeAttribute("for");
  putBehind(area, holder);
  holder.append(area);

  function unmount() {
    area.removeEventListener("input", fromOutside);
    area.removeEventListener("invalid", toEditor);
    label?.removeEventListener("click", toEditor);
    label?.setAttribute("for", area.id);
    area.classList.remove("behind");
    area.removeAttribute("tabindex");
    area.removeAttribute("aria-hidden");
    holder.replaceWith(area);
    view.destroy();
  }
  return { focus: () => view.focus(), unmount };
}
