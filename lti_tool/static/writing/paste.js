// What Word, Google Docs and LibreOffice put on the clipboard, made plain: real lists, real emphasis, real footnotes.
// The schema keeps nothing of what is left over: no fonts, colours, classes or comments of the program's.
const LISTED = /mso-list:\s*(l\d+)\s+level(\d)/i;
const NUMBERED = /^\s*(?:\(?\d{1,3}|\(?[a-z]|[ivxlc]{1,6})[.)]/i;

export function cleaned(html) {
  const page = new DOMParser().parseFromString(withoutPower(html), "text/html");
  const body = page.body;
  body.querySelectorAll("style, script, meta, link, title, xml, o\\:p:empty").forEach((one) => one.remove());
  body.querySelectorAll('[data-style*="mso-element:comment"], [data-style*="display:none"]').forEach((one) => one.remove());
  unwrapGoogle(body);
  footnotes(body);
  wordLists(body);
  emphasis(body);
  body.querySelectorAll("img:not([data-image])").forEach(pictureAway);
  body.querySelectorAll("a[href]").forEach(plainLink);
  body.querySelectorAll("p, h1, h2, h3, h4, h5, h6").forEach(dropIfBlank);
  return body.innerHTML;
}

// The page's policy refuses style attributes and handlers even here, and says so aloud: they get other names first.
function withoutPower(html) {
  return html.replace(/<!--[\s\S]*?-->|<style[\s\S]*?<\/style>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) =>
    tag.replace(/(\s)style\s*=/gi, "$1data-style=").replace(/(\s)on\w+\s*=/gi, "$1data-handler="));
}

function unwrapGoogle(body) {
  // The whole of what Google Docs copies is one <b> that says it is not bold.
  body.querySelectorAll('b[id^="docs-internal-guid"]').forEach((one) => one.replaceWith(...one.childNodes));
  body.querySelectorAll("li > p:only-child").forEach((one) => one.replaceWith(...one.childNodes));
}

function footnotes(body) {
  const pairs = [
    ['a[href*="#_ftn"]:not([href*="#_ftnref"]), a[href*="#_edn"]:not([href*="#_ednref"])', '[id^="ftn"], [id^="edn"]', /[fe](?:tn|dn)(\d+)/],
    ["a.sdfootnoteanc, a.sdendnoteanc", '[id^="sdfootnote"]:not(a), [id^="sdendnote"]:not(a)', /sd(?:foot|end)note(\d+)/],
  ];
  for (const [marks, notes, number] of pairs) {
    const texts = new Map();
    for (const one of body.querySelectorAll(notes)) {
      const label = number.exec(one.id)?.[1];
      if (!label) continue;
      one.querySelectorAll('a[href*="ref"], a[class$="sym"]').forEach((back) => back.remove());
      texts.set(label, one.textContent.replace(/\s+/g, " ").trim());
      one.remove();
    }
    for (const mark of body.querySelectorAll(marks)) {
      const label = number.exec(mark.getAttribute("href"))?.[1];
      if (!label) continue;
      const sup = body.ownerDocument.createElement("sup");
      sup.dataset.note = sup.textContent = label;
      mark.replaceWith(sup);
      if (!texts.has(label)) texts.set(label, "");
    }
    for (const [label, text] of texts) {
      const note = body.ownerDocument.createElement("p");
      note.dataset.note = label;
      note.textContent = text;
      body.append(note);
    }
  }
  body.querySelectorAll('hr[width="33%"], div[data-style*="mso-element:footnote-list"] > hr').forEach((one) => one.remove());
}

function wordLists(body) {
  let open = [];
  for (const item of [...body.querySelectorAll("p, h1, h2, h3")]) {
    const listed = LISTED.exec(item.getAttribute("data-style") ?? "");
    if (!listed) { open = []; continue; }
    if (open.length && open[0].last !== item.previousElementSibling && open[0].list !== item.previousElementSibling) open = [];
    const level = Number(listed[2]), marker = item.querySelector('[data-style*="mso-list:Ignore"], [data-style*="mso-list: Ignore"]');
    const kind = NUMBERED.test((marker ?? item).textContent) ? "ol" : "ul";
    marker?.remove();
    if (!marker) item.innerHTML = item.innerHTML.replace(/^\s*(?:[·•o§▪–-]|\(?\w{1,3}[.)])(?:\s|&nbsp;)+/, "");
    while (open.length > level) open.pop();
    while (open.length < level) {
      const list = body.ownerDocument.createElement(kind), above = open.at(-1);
      if (above) (above.list.lastElementChild ?? above.list.appendChild(body.ownerDocument.createElement("li"))).append(list);
      else item.before(list);
      open.push({ list });
    }
    const point = body.ownerDocument.createElement("li");
    point.append(...item.childNodes);
    open.at(-1).list.append(point);
    item.remove();
  }
}

// Google Docs says in styles what others say in elements.
function emphasis(body) {
  const says = { strong: /font-weight:\s*(bold|[5-9]00)/i, em: /font-style:\s*italic/i, s: /text-decoration[\w-]*:\s*line-through/i };
  for (const one of body.querySelectorAll("[data-style]")) {
    const style = one.getAttribute("data-style");
    if (one.matches("b, strong") && /font-weight:\s*(normal|400)/i.test(style)) { one.replaceWith(...one.childNodes); continue; }
    for (const [tag, saying] of Object.entries(says)) {
      if (!saying.test(style) || one.closest(`h1, h2, h3, h4, h5, h6, ${tag}`)) continue;
      const made = body.ownerDocument.createElement(tag);
      made.append(...one.childNodes);
      one.append(made);
    }
  }
}

function pictureAway(picture) {
  const address = picture.getAttribute("src") ?? "";
  if (!/^https?:/.test(address)) { picture.remove(); return; }
  const link = picture.ownerDocument.createElement("a");
  link.href = address;
  link.textContent = picture.getAttribute("alt") || address;
  picture.replaceWith(link);
}

function plainLink(link) {
  const address = link.getAttribute("href");
  const wrapped = /^https?:\/\/www\.google\.com\/url\?(?:.*&)?q=([^&]+)/.exec(address);
  if (wrapped) link.setAttribute("href", decodeURIComponent(wrapped[1]));
  else if (!/^(https?|mailto):/i.test(address)) link.replaceWith(...link.childNodes);
}

function dropIfBlank(block) {
  if (!block.textContent.replace(/[\s\u00a0]/g, "") && !block.querySelector("img, sup")) block.remove();
}
