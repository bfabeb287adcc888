// What the editor can hold, and its way to and from Markdown. The server reads the same Markdown (lti_tool/blog/text.py).
import MarkdownIt from "markdown-it";
import { MarkdownParser, MarkdownSerializer, defaultMarkdownParser, defaultMarkdownSerializer, schema as plain } from "prosemirror-markdown";
import { Schema } from "prosemirror-model";

const NOTE = /^\[\^([^\s\]]{1,40})\]/;
const DEFINITION = /^\[\^([^\s\]]{1,40})\]:[ \t]*/;
const isOurs = (src) => src.startsWith("image:");

const image = {
  ...plain.spec.nodes.get("image"),
  parseDOM: [{ tag: "img[data-image]", getAttrs: (dom) => ({ src: dom.dataset.image, alt: dom.getAttribute("alt") }) }],
  toDOM: ({ attrs }) => isOurs(attrs.src)
    ? ["img", { "data-image": attrs.src, alt: attrs.alt ?? "" }]
    : ["span", { class: "elsewhere" }, attrs.alt || attrs.src],
};
const noteMark = {
  inline: true, group: "inline", atom: true, attrs: { label: {} },
  parseDOM: [{ tag: "sup[data-note]", getAttrs: (dom) => ({ label: dom.dataset.note }) }],
  toDOM: ({ attrs }) => ["sup", { "data-note": attrs.label, class: "note-mark" }, attrs.label],
};
const note = {
  content: "inline*", attrs: { label: {} }, defining: true,
  parseDOM: [{ tag: "p[data-note]", priority: 60, getAttrs: (dom) => ({ label: dom.dataset.note }) }],
  toDOM: ({ attrs }) => ["p", { "data-note": attrs.label, class: "note" }, 0],
};
const strike = { parseDOM: [{ tag: "s" }, { tag: "del" }, { style: "text-decoration=line-through" }], toDOM: () => ["s"] };
const tight = { default: true };
const nodes = plain.spec.nodes
  .update("doc", { content: "(block | note)+" })
  .update("heading", { ...plain.spec.nodes.get("heading"), content: "inline*" })
  .update("bullet_list", { ...plain.spec.nodes.get("bullet_list"), attrs: { tight }, parseDOM: [{ tag: "ul" }] })
  .update("ordered_list", {
    ...plain.spec.nodes.get("ordered_list"),
    attrs: { order: { default: 1 }, tight },
    parseDOM: [{ tag: "ol", getAttrs: (dom) => ({ order: Number(dom.getAttribute("start")) || 1 }) }],
  })
  .update("image", image)
  .addToEnd("note_mark", noteMark)
  .addToEnd("note", note);

export const schema = new Schema({ nodes, marks: plain.spec.marks.addToEnd("strike", strike) });

function readNote(state, silent) {
  const found = NOTE.exec(state.src.slice(state.pos, state.pos + 50));
  if (!found) return false;
  if (!silent) state.push("note_mark", "", 0).meta = found[1];
  state.pos += found[0].length;
  return true;
}

function lineOf(state, line) { return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]); }

function readDefinition(state, first, end, silent) {
  const found = state.level === 0 && state.sCount[first] < 4 && DEFINITION.exec(lineOf(state, first));
  if (!found) return false;
  if (silent) return true;
  let next = first + 1;
  while (next < end && !state.isEmpty(next) && !DEFINITION.test(lineOf(state, next))) next += 1;
  const lines = [lineOf(state, first).slice(found[0].length)];
  for (let line = first + 1; line < next; line += 1) lines.push(lineOf(state, line));
  state.push("note_open", "", 1).meta = found[1];
  const inline = state.push("inline", "", 0);
  inline.content = lines.join("\n").trim();
  inline.map = [first, next];
  inline.children = [];
  state.push("note_close", "", -1);
  state.line = next;
  return true;
}

const markdown = new MarkdownIt("commonmark", { html: false, linkify: true, breaks: true })
  .enable(["strikethrough", "linkify"]).disable(["entity", "reference"]);
markdown.inline.ruler.before("link", "note_mark", readNote);
markdown.block.ruler.before("reference", "note", readDefinition, { alt: ["paragraph", "reference"] });

const parser = new MarkdownParser(schema, markdown, {
  ...defaultMarkdownParser.tokens,
  softbreak: { node: "hard_break" },
  s: { mark: "strike" },
  note_mark: { node: "note_mark", getAttrs: (token) => ({ label: token.meta }) },
  note: { block: "note", getAttrs: (token) => ({ label: token.meta }) },
});

// A line break is a line break to the server too, so that a plain text stays plain.
function writeBreak(state, node, parent, index) {
  if (parent.type.name === "heading") state.write(" ");
  else if (index + 1 < parent.childCount) state.write("\n");
}

function writeText(state, node, parent, index) {
  const startsLine = state.atBlockStart || (index > 0 && parent.child(index - 1).type.name === "hard_break");
  if (!startsLine || state.inAutolink) return state.text(node.text, !state.inAutolink);
  state.atBlockStart = true;
  // Spaces at the start would make program code of it, and a row of "=" a heading of the line above.
  return state.text(node.text.replace(/^[ \t]+/, "").replace(/^(?==+\s*$)/, "\u200b"));
}

const serializer = new MarkdownSerializer(
  {
    ...defaultMarkdownSerializer.nodes,
    bullet_list: (state, node) => state.renderList(node, "  ", () => "- "),
    hard_break: writeBreak,
    text: writeText,
    note_mark: (state, node) => state.write(`[^${node.attrs.label}]`),
    note(state, node) {
      state.write(`[^${node.attrs.label}]: `);
      state.renderInline(node, false);
      state.closeBlock(node);
    },
  },
  { ...defaultMarkdownSerializer.marks, strike: { open: "~~", close: "~~", mixable: true, expelEnclosingWhitespace: true } },
);

export const fromMarkdown = (text) => parser.parse(text);
export const toMarkdown = (doc) => serializer.serialize(doc);
