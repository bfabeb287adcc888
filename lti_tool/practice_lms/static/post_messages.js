/* What Canvas answers when the tool in the frame sends it a message (LTI Client Side postMessages and Platform Storage
   1.0; Canvas's "LTI postMessage" page). Loaded by the page around the tool, and by the hidden frame named
   post_message_forwarding; the attributes of the script element say which of the two this is, and how it is to err.

   data-tool-origins  origins that may use the storage, with spaces between
   data-frame         "yes" in the storage frame
   data-storage       name of the frame that stores, or "_parent"
   data-quirk         "silent": the storage never answers; "lies": it answers another value than was put there */
(() => {
  const set = document.currentScript.dataset;
  const inFrame = set.frame === "yes";
  const origins = set.toolOrigins.split(" ");
  const kept = new Map();  // origin -> Map of key -> value
  const MOST_KEYS = 500, LONGEST_VALUE = 4096;

  class Refusal extends Error {
    constructor(code, message) { super(message); this.code = code; }
  }

  const drawer = (origin) => {
    if (!kept.has(origin)) kept.set(origin, new Map());
    return kept.get(origin);
  };

  function checked(message, origin) {
    if (!origins.includes(origin)) throw new Refusal("wrong_origin", "This origin may not use the storage");
    if (typeof message.key !== "string" || !message.key) throw new Refusal("bad_request", "A key must be given");
    if (typeof message.message_id !== "string" || !message.message_id) {
      throw new Refusal("bad_request", "A message_id must be given");
    }
    return drawer(origin);
  }

  function put(message, origin) {
    const values = checked(message, origin), { key, value } = message;
    if (value === undefined || value === null) {
      values.delete(key);
    } else if (typeof value !== "string") {
      throw new Refusal("bad_request", "The value must be a string");
    } else if (value.length > LONGEST_VALUE || (!values.has(key) && values.size >= MOST_KEYS)) {
      throw new Refusal("storage_exhaustion", "There is no room for this");
    } else {
      values.set(key, value);
    }
    return { key, value: value ?? null };
  }

  function get(message, origin) {
    const value = checked(message, origin).get(message.key) ?? null;
    return { key: message.key, value: set.quirk === "lies" ? `${value ?? "nothing"}-of-somebody-else` : value };
  }

  function capabilities() {
    const where = set.storage === "_parent" ? {} : { frame: set.storage };
    const supported = [
      { subject: "lti.capabilities" },
      { subject: "lti.put_data", ...where },
      { subject: "lti.get_data", ...where },
    ];
    return { supported_messages: inFrame ? supported : [...supported, { subject: "lti.frameResize" }] };
  }

  /* Canvas makes the frame as tall as it is told to, in pixels. Nothing tells the tool that it was done. */
  function resize(message, _origin, source) {
    const height = Number(message.height);
    const frame = [...document.querySelectorAll("iframe")].find((one) => one.contentWindow === source);
    if (!frame || !Number.isFinite(height) || height <= 0) return null;
    frame.style.flex = "none";
    frame.style.minHeight = "0";
    frame.style.height = `${height}px`;
    return null;
  }

  const stores = { "lti.put_data": put, "lti.get_data": get };
  const answered = { "lti.capabilities": capabilities, ...stores, ...(inFrame ? {} : { "lti.frameResize": resize }) };

  addEventListener("message", (event) => {
    let message = event.data;
    if (typeof message === "string") {
      try { message = JSON.parse(message); } catch { return; }
    }
    if (typeof message !== "object" || message === null || !event.source) return;
    const { subject } = message, answer = answered[subject];
    if (!answer || (subject in stores && set.quirk === "silent")) return;
    const response = { subject: `${subject}.response` };
    if (message.message_id !== undefined) response.message_id = message.message_id;
    try {
      const said = answer(message, event.origin, event.source);
      if (!said) return;
      Object.assign(response, said);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      response.error = { code: problem.code, message: problem.message };
    }
    // A sandboxed frame has the origin "null", which can only be addressed as anybody.
    event.source.postMessage(response, event.origin === "null" ? "*" : event.origin);
  });
})();
