// Never lose a word. What is being written is kept in this browser at each pause and on the server a little later; it is
// there again after the next launch, on another machine too. A form is sent once, and a failed sending keeps the text.
import { say } from "./words.js";

const PAUSE = 500, UPLOAD = 3000, LONGEST_KEEPALIVE = 60_000;
const FIELDS = ["title", "subtitle", "body", "sources"];

function storage(name) { try { return window[name]; } catch { return null; } }
const kept = storage("localStorage"), tab = storage("sessionStorage");
const reader = document.body.dataset.reader;
const keyOf = (place) => `draft ${reader} ${place}`;
const clock = (moment) => new Date(moment).toLocaleTimeString(`${document.documentElement.lang}-u-nu-latn`, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const same = (one, other) => FIELDS.every((name) => (one?.[name] ?? "").trim() === (other?.[name] ?? "").trim());
const isEmpty = (fields) => same(fields, {});

function recordAt(key) {
  try { return JSON.parse(kept?.getItem(key) ?? "null"); } catch { return null; }
}

class Draft {
  constructor(form) {
    this.form = form;
    this.place = form.dataset.draft;
    this.key = keyOf(this.place);
    this.said = form.querySelector("[data-draft-said]");
    this.version = 0;
    this.fresh = this.fields(); // as the page came: no draft yet
    this.sent = null;
    this.unsaved = false;
    this.choosing = false;
    form.addEventListener("input", (event) => { if (FIELDS.includes(event.target.name)) this.changed(); });
    this.restore();
  }

  fields() {
    const inputs = FIELDS.map((name) => this.form.elements.namedItem(name)).filter((input) => input && "value" in input);
    return Object.fromEntries(inputs.map((input) => [input.name, input.value]));
  }

  fill(fields) {
    for (const name of FIELDS) {
      const input = this.form.elements.namedItem(name);
      if (!input || input.value === (fields[name] ?? "")) continue;
      input.value = fields[name] ?? "";
      this.filling = true;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      this.filling = false;
    }
  }

  tell(words) { this.said.textContent = words; }

  async restore() {
    const local = recordAt(this.key);
    if (local) {
      this.version = local.version ?? 0;
      this.sent = local.sent ?? null;
      if (!same(local.fields, this.fields()) && (isEmpty(this.fields()) || !local.over || same(local.over, this.fresh))) {
        this.fill(local.fields);
        this.tell(say("Your draft is back."));
        this.unsaved = !same(local.fields, local.sent);
      }
    }
    const stored = await this.ask();
    if (!stored?.version) return;
    const here = this.fields(), isKnown = stored.version === this.version || same(stored.fields, this.sent);
    if (same(stored.fields, here) || isKnown) { this.version = stored.version; this.sent = stored.fields; }
    else if (isEmpty(here)) { this.adopt(stored); this.tell(say("Your draft of %(time)s is back.", { time: clock(stored.saved_at) })); }
    else this.choose(stored);
    if (this.unsaved) this.later();
  }

  async ask() {
    try {
      const address = `${this.form.dataset.drafts}?place=${encodeURIComponent(this.place)}`;
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      return answer.ok ? await answer.json() : null;
    } catch { return null; }
  }

  changed() {
    if (this.filling || this.isSent) return;
    this.unsaved = true;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => { this.keepHere(); this.later(); }, PAUSE);
  }

  keepHere() {
    clearTimeout(this.pause);
    const record = { fields: this.fields(), version: this.version, sent: this.sent, over: this.fresh };
    try {
      kept.setItem(this.key, JSON.stringify(record));
      // Only until the server has it too: words that change at each pause would be read aloud at each.
      if (this.unsaved && !this.warning && !this.version) this.tell(say("Draft kept in this browser."));
    } catch { /* a browser that keeps nothing: the server does */ }
  }

  later() {
    clearTimeout(this.upload);
    this.upload = setTimeout(() => this.save(), UPLOAD);
  }

  async save(leaving = false) {
    clearTimeout(this.upload);
    if (this.isSent || this.choosing || !this.unsaved || (this.saving && !leaving)) return;
    const fields = this.fields(), body = JSON.stringify({ place: this.place, fields, version: this.version });
    this.sent = fields;
    this.keepHere();
    this.saving = this.put(body, leaving).then((done) => this.saved(done, fields)).finally(() => { this.saving = null; });
    await this.saving;
  }

  async put(body, leaving) {
    const headers = { "Content-Type": "application/json", "X-Requested-With": "fetch" };
    const answer = await fetch(this.form.dataset.drafts, {
      method: "POST", body, headers, keepalive: leaving && new Blob([body]).size < LONGEST_KEEPALIVE,
    }).catch(() => null);
    if (!answer) return { status: 0 };
    return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
  }

  saved({ status, version, fields: stored, saved_at: at, what, do: next }, fields) {
    if (this.isSent) return;
    this.warning = status !== 200;
    if (status === 200) {
      this.version = version;
      this.unsaved = !same(fields, this.fields());
      this.keepHere();
      if (this.unsaved) this.later();
      else this.tell(version ? say("Saved %(time)s", { time: clock(at) }) : "");
    } else if (status === 409 && !version) {
      this.version = 0;
      this.tell(say("This draft was sent or thrown away in another window. The text here is kept in this browser."));
    } else if (status === 409) this.choose({ version, fields: stored, saved_at: at });
    else if (status === 401) this.tell(say("Your visit has ended. The text is kept in this browser: open the blog again from your course, and it is here."));
    else if (status === 0 || status >= 500) {
      this.tell(say("No connection. The text is kept in this browser, and is saved as soon as there is one."));
      this.later();
    } else this.tell(`${what ?? say("The draft could not be saved.")} ${next ?? say("It is kept in this browser.")}`);
  }

  adopt(stored) {
    this.version = stored.version;
    this.sent = stored.fields;
    this.fill(stored.fields);
    this.unsaved = false;
    this.keepHere();
  }

  // Two texts, neither overwritten: both stand there until their writer has chosen.
  choose(stored) {
    this.choosing = true;
    this.form.querySelector(".two-drafts")?.remove();
    const box = document.createElement("div"), words = document.createElement("p"), other = document.createElement("textarea"), row = document.createElement("p");
    box.className = "two-drafts problem";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", say("Another draft of yours"));
    words.textContent = say("There is another draft of yours, saved at %(time)s. Which of the two do you want to go on with?", { time: clock(stored.saved_at) });
    other.readOnly = true;
    other.rows = 6;
    other.value = FIELDS.map((name) => stored.fields[name]).filter(Boolean).join("\n\n");
    other.setAttribute("aria-label", say("The other draft"));
    row.className = "row";
    const decide = (label, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => { this.choosing = false; box.remove(); act(); this.form.querySelector('[name="body"]').focus(); });
      row.append(button);
    };
    decide(say("Go on with the other"), () => { this.adopt(stored); this.tell(say("The other draft is here now.")); });
    decide(say("Go on with what is in the field"), () => { this.version = stored.version; this.unsaved = true; this.keepHere(); this.save(); });
    box.append(words, other, row);
    this.said.closest("p").after(box);
    this.said.textContent = "";
  }

  drop() {
    this.isSent = true;
    clearTimeout(this.pause);
    clearTimeout(this.upload);
    try { kept.removeItem(this.key); } catch { /* nothing was kept */ }
  }
}

const drafts = new Map();
const forms = (root) => root.querySelectorAll("form[data-draft]").forEach((form) => {
  if (!drafts.has(form)) drafts.set(form, new Draft(form));
});

// Sending. Where it fails, the text stays with words beside it, and the next try carries the same token: nothing is
// posted twice. What the server wants to show, it shows: then the form goes the plain way.
const buttons = () => document.querySelectorAll("[data-once] button");
const disable = (are) => buttons().forEach((button) => { button.disabled = are; });

async function send(form, draft) {
  disable(true);
  draft.keepHere();
  await draft.saving;
  const version = form.elements.namedItem("draft_version");
  if (version) version.value = draft.version;
  draft.tell(say("Sending …"));
  const answer = await fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Requested-With": "form" }, redirect: "manual",
  }).catch(() => null);
  if (answer?.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
    draft.drop();
    goTo((await answer.json()).address);
  } else if (!answer || answer.status >= 500 || answer.status === 401) {
    disable(false);
    draft.warning = true;
    draft.tell(answer?.status === 401
      ? say("Not sent: your visit has ended. Your text is kept in this browser. Open the blog again from your course; it is here then.")
      : say("Not sent: there was no answer. Your text is here and kept in this browser. Try again; it is never posted twice."));
  } else {
    tab?.setItem("posted", draft.key);
    draft.isSent = true;
    form.submit();
  }
}

function goTo(address) {
  const target = new URL(address, location.href), isHere = target.pathname + target.search === location.pathname + location.search;
  location.assign(target);
  if (isHere) location.reload();
}

document.addEventListener("submit", (event) => {
  const form = event.target, draft = drafts.get(form);
  if (!draft) { if (form.matches("[data-once]")) disable(true); return; }
  if (event.submitter?.hasAttribute("formaction")) { draft.keepHere(); return; }
  event.preventDefault();
  if (draft.isSending) return;
  draft.isSending = true;
  send(form, draft).finally(() => { draft.isSending = false; });
});
addEventListener("pageshow", (event) => {
  disable(false); // after "back"
  if (event.persisted) drafts.forEach((draft) => { if (draft.isSent) location.reload(); });
});
addEventListener("online", () => drafts.forEach((draft) => draft.save()));
addEventListener("pagehide", () => drafts.forEach((draft) => {
  if (draft.isSent || !draft.unsaved) return;
  draft.keepHere();
  draft.save(true);
}));

const posted = tab?.getItem("posted");
if (posted && new URLSearchParams(location.search).has("at")) { kept?.removeItem(posted); tab.removeItem("posted"); }
document.addEventListener("writing", (event) => forms(event.target));
forms(document);
