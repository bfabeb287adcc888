// Leaves a secret with the LMS's own frame before a launch, or fetches it back after one (LTI postMessage Storage 0.1).
// Only the LMS's sign-in origin is sent the secret, and only an answer from there counts.
const put = document.getElementById("put");
const get = document.getElementById("get");
const { origin, target, key, value } = (put ?? get).dataset;
const outside = window.opener ?? window.parent;
const WAIT_MILLISECONDS = 1000;

function frameNamed(name) {
  if (!name || name === "_parent") return outside;
  try { return outside.frames[name] ?? null; } catch { return null; }
}

// Whether this LMS keeps data for us, and in which frame where it says so. No secret in it, so any origin may read it.
function capabilities() {
  return new Promise((resolve, reject) => {
    const hear = (event) => {
      if (event.source !== outside || event.data?.subject !== "lti.capabilities.response") return;
      done();
      resolve(event.data.supported_messages ?? []);
    };
    const timer = setTimeout(() => { done(); reject(new Error("the LMS did not answer")); }, WAIT_MILLISECONDS);
    const done = () => { clearTimeout(timer); window.removeEventListener("message", hear); };
    window.addEventListener("message", hear);
    outside.postMessage({ subject: "lti.capabilities" }, "*");
  });
}

function ask(frame, message) {
  const message_id = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const hear = (event) => {
      const said = event.data;
      if (event.origin !== origin || event.source !== frame) return;
      if (said?.message_id !== message_id || said.subject !== `${message.subject}.response`) return;
      done();
      if (said.error) reject(new Error("the LMS refused")); else resolve(said);
    };
    const timer = setTimeout(() => { done(); reject(new Error("the LMS did not answer")); }, WAIT_MILLISECONDS);
    const done = () => { clearTimeout(timer); window.removeEventListener("message", hear); };
    window.addEventListener("message", hear);
    frame.postMessage({ ...message, message_id }, origin);
  });
}

async function run() {
  const keeps = (await capabilities()).find((one) => one?.subject === "lti.put_data");
  const frame = keeps && (frameNamed(target) ?? frameNamed(keeps.frame));
  if (!frame) throw new Error("no such frame");
  if (put) {
    await ask(frame, { subject: "lti.put_data", key, value });
    window.location.replace(put.href);
  } else {
    const kept = await ask(frame, { subject: "lti.get_data", key });
    get.elements.proof.value = kept.value ?? "";
    get.submit();
  }
}

run().catch(() => {
  document.getElementById("waiting").hidden = true;
  document.getElementById("blocked").hidden = false;
});
