// Leaves a secret with the LMS's own frame before a launch, or fetches it back after one (LTI postMessage Storage 0.1).
// Only the LMS's sign-in origin is sent the secret, and only an answer from there counts.
const put = document.getElementById("put");
const get = document.getElementById("get");
const { origin, target, key, value } = (put ?? get).dataset;
const outside = window.opener ?? window.parent;
const WAIT_MILLISECONDS = 1000;
const AGAIN_MILLISECONDS = 150; // a page or frame of the LMS that is still loading has not heard the first

function frameNamed(name) {
  if (!name || name === "_parent") return outside;
  try { return outside.frames[name] ?? null; } catch { return null; }
}

// Sends a message until that window answers it.
function ask(findWindow, message, to) {
  const message_id = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const send = () => findWindow()?.postMessage({ ...message, message_id }, to);
    const hear = (event) => {
      const said = event.data;
      if (event.source !== findWindow() || (to !== "*" && event.origin !== to)) return;
      if (said?.subject !== `${message.subject}.response` || (said.message_id ?? message_id) !== message_id) return;
      done();
      if (said.error) reject(new Error("the LMS refused")); else resolve(said);
    };
    const done = () => { clearInterval(again); clearTimeout(end); window.removeEventListener("message", hear); };
    const again = setInterval(send, AGAIN_MILLISECONDS);
    const end = setTimeout(() => { done(); reject(new Error("the LMS did not answer")); }, WAIT_MILLISECONDS);
    window.addEventListener("message", hear);
    send();
  });
}

async function run() {
  // Whether this LMS keeps data for us, and in which frame where it says so. No secret in it, so any origin may read it.
  const { supported_messages } = await ask(() => outside, { subject: "lti.capabilities" }, "*");
  const keeps = supported_messages.find((one) => one?.subject === "lti.put_data");
  if (!keeps) throw new Error("the LMS keeps nothing");
  const storage = () => frameNamed(target) ?? frameNamed(keeps.frame);
  if (put) await ask(storage, { subject: "lti.put_data", key, value }, origin);
  const kept = await ask(storage, { subject: "lti.get_data", key }, origin);
  if (put) {
    // What is not kept now is not there later either, when the LMS has let its launch be used and a window comes late.
    if (kept.value !== value) throw new Error("the LMS did not keep it");
    window.location.replace(put.href);
  } else {
    get.elements.proof.value = kept.value ?? "";
    get.submit();
  }
}

run().catch(() => {
  document.getElementById("waiting").hidden = true;
  document.getElementById("blocked").hidden = false;
});
