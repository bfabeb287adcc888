// The small questions under the toolbar: where a link leads, what a footnote says, which picture and what it shows.
import { toggleMark } from "prosemirror-commands";
import { TextSelection } from "prosemirror-state";
import { schema } from "./document.js";
import { say } from "../words.js";

const { nodes, marks } = schema;
let count = 0;

function field(label, { type = "text", value = "", accept = "" }) {
  const holder = document.createElement("label"), input = document.createElement("input");
  holder.htmlFor = input.id = `asked-${count += 1}`;
  input.type = type;
  if (type === "file") input.accept = accept; else input.value = value;
  holder.append(label, input);
  return { holder, input };
}

function button(words, act, look = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.className = look;
  made.addEventListener("click", act);
  return made;
}

// `answer` returns what is wrong in words, or nothing once it is done.
function ask(place, asking, { title, fields, done, answer, more = [] }) {
  const said = document.createElement("p"), row = document.createElement("p");
  said.className = "asked-problem";
  said.setAttribute("role", "alert");
  row.className = "row";
  const close = () => { asking.replaceChildren(); asking.removeAttribute("role"); place.view.focus(); };
  const go = async () => {
    const wrong = await answer(...fields.map(({ input }) => input));
    if (wrong) said.textContent = wrong;
    else close();
  };
  asking.className = "asking";
  asking.setAttribute("role", "group");
  asking.setAttribute("aria-label", title);
  row.append(button(done, go, "go"), ...more.map(([words, act]) => button(words, () => { act(); close(); })), button(say("Cancel"), close));
  asking.replaceChildren(...fields.map(({ holder }) => holder), said, row);
  asking.onkeydown = (event) => {
    if (event.key === "Escape") { event.preventDefault(); close(); }
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); go(); }
  };
  fields.find(({ input }) => !input.value && !input.files?.length)?.input.focus();
  if (!asking.contains(document.activeElement)) fields[0].input.focus();
}

function linkAt(state) {
  const { $from, from, to, empty } = state.selection;
  if (empty) return marks.link.isInSet($from.marks());
  let found;
  state.doc.nodesBetween(from, to, (node) => { found ??= marks.link.isInSet(node.marks); });
  return found;
}

function addressOf(text) {
  const tidy = text.trim();
  if (/^(https?:\/\/|mailto:)\S+$/i.test(tidy)) return tidy;
  if (/^[^\s@/]+@[^\s@/]+\.[a-z]{2,}$/i.test(tidy)) return `mailto:${tidy}`;
  return /^[^\s/:]+\.[a-z]{2,}([/?#]\S*)?$/i.test(tidy) ? `https://${tidy}` : "";
}

export function askLink(place, asking) {
  const { view } = place, link = linkAt(view.state), empty = view.state.selection.empty && !link;
  const address = field(say("Address of the page"), { type: "url", value: link?.attrs.href ?? "" });
  const words = field(say("Words to show"), {});
  ask(place, asking, {
    title: say("Link"),
    fields: empty ? [address, words] : [address],
    done: link ? say("Change link") : say("Add link"),
    more: link ? [[say("Remove link"), () => unlink(view, link)]] : [],
    answer(input, shown) {
      const href = addressOf(input.value);
      if (!href) return say("That is no address of a page. It begins with https://, as in your browser's address bar.");
      if (link) unlink(view, link);
      if (empty) view.dispatch(view.state.tr.replaceSelectionWith(schema.text(shown.value.trim() || href, [marks.link.create({ href })]), false));
      else toggleMark(marks.link, { href })(view.state, view.dispatch);
      return "";
    },
  });
}

function unlink(view, link) {
  const { tr, doc, selection } = view.state;
  let { from, to } = selection;
  if (selection.empty) {
    const start = selection.$from.start();
    selection.$from.parent.forEach((node, offset) => {
      const [left, right] = [start + offset, start + offset + node.nodeSize];
      if (left <= selection.from && selection.from <= right && link.isInSet(node.marks)) [from, to] = [left, right];
    });
    tr.setSelection(TextSelection.create(doc, from, to));
  }
  view.dispatch(tr.removeMark(from, to, link));
}

function freeLabel(doc) {
  const taken = new Set();
  doc.descendants((node) => { if (node.attrs.label) taken.add(node.attrs.label); });
  for (let number = 1; ; number += 1) if (!taken.has(String(number))) return String(number);
}

export function askNote(place, asking) {
  const { view } = place;
  ask(place, asking, {
    title: say("Footnote"),
    fields: [field(say("What the footnote says: a source, a page, a remark"), {})],
    done: say("Add footnote"),
    answer(input) {
      if (!input.value.trim()) return say("Write what the footnote is to say.");
      const label = freeLabel(view.state.doc), { tr } = view.state;
      if (view.state.selection.$to.parent.type === nodes.note || view.state.selection.$to.parent.type === nodes.code_block) {
        return say("Put the cursor into the text first, where the footnote's number is to stand.");
      }
      const at = view.state.selection.to; // what is selected stays: the number goes after it
      tr.insert(at, nodes.note_mark.create({ label }));
      tr.insert(tr.doc.content.size, nodes.note.create({ label }, schema.text(input.value.trim())));
      tr.setSelection(TextSelection.create(tr.doc, at + 1));
      view.dispatch(tr.scrollIntoView());
      return "";
    },
  });
}

export function askPicture(place, asking, dropped) {
  const { view } = place, chosen = view.state.selection.node?.type === nodes.image ? view.state.selection.node : null;
  const shows = field(say("What the picture shows, for those who cannot see it"), { value: chosen?.attrs.alt ?? "" });
  const file = field(say("Picture from your computer"), { type: "file", accept: "image/jpeg,image/png,image/gif,image/webp" });
  if (dropped) { const holder = new DataTransfer(); holder.items.add(dropped); file.input.files = holder.files; }
  const put = (attrs) => view.dispatch(view.state.tr.replaceSelectionWith(nodes.image.create(attrs)).scrollIntoView());
  ask(place, asking, {
    title: say("Picture"),
    fields: chosen ? [shows] : [file, shows],
    done: chosen ? say("Change description") : say("Add picture"),
    async answer(...inputs) {
      const alt = inputs.at(-1).value.replace(/\s+/g, " ").trim();
      if (!alt) return say("Say in a few words what the picture shows; some readers hear it instead of seeing it.");
      if (chosen) { put({ ...chosen.attrs, alt }); return ""; }
      if (!inputs[0].files.length) return say("Choose a picture first.");
      const answer = await upload(place.images, inputs[0].files[0]);
      if (answer.key) put({ src: `image:${answer.key}`, alt });
      return answer.key ? "" : `${answer.what} ${answer.do}`;
    },
  });
}

async function upload(address, file) {
  const body = new FormData();
  body.append("image", file);
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    return await answer.json();
  } catch {
    return { what: say("The picture could not be sent."), do: say("Look whether you are connected, then try again.") };
  }
}
