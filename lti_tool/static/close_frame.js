// Tells the LMS's page that registration is over, so that it closes this frame (LTI Dynamic Registration 1.0, 3.7):
// when asked to, or after a while that is long enough to read what is left to do.
const SECONDS = 20;
const said = document.getElementById("closing");
const buttons = ["close", "stay"].map((id) => document.getElementById(id));
let left = SECONDS;

function close() { (window.opener ?? window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*"); }

if (window.opener || window.parent !== window) {
  for (const button of buttons) button.hidden = false;
  // Fetched when it is needed: a script that imports at its head does not run at all in a frame without an origin.
  import("./words.js").then(({ sayCount }) => {
    if (!buttons[1].hidden) said.textContent = sayCount("This closes by itself in %(count)s second.", "This closes by itself in %(count)s seconds.", SECONDS);
  }).catch(() => { /* it closes without saying so */ });
  const clock = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(clock);
    close();
  }, 1000);
  buttons[0].addEventListener("click", close);
  buttons[1].addEventListener("click", () => {
    clearInterval(clock);
    said.textContent = "";
    buttons[1].hidden = true;
  });
}
