// Times are the reader's own. A field is filled and sent in their zone; the server is told how far that is from UTC.
import { say } from "./words.js";

const two = (number) => String(number).padStart(2, "0");
const local = (moment) =>
  `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}T${two(moment.getHours())}:${two(moment.getMinutes())}`;

for (const field of document.querySelectorAll("input[type=datetime-local]")) {
  if (field.dataset.utc) field.value = local(new Date(field.dataset.utc));
  field.form.addEventListener("submit", () => {
    field.form.elements[`${field.name}_behind_utc`].value = new Date(field.value || Date.now()).getTimezoneOffset();
  });
}
for (const zone of document.querySelectorAll("[data-zone]")) zone.textContent = say("your time");

export function showOwnTimes(root) {
  const exact = (time) => new Date(time.dateTime).toLocaleString(`${document.documentElement.lang}-u-nu-latn`, { dateStyle: "long", timeStyle: "short" });
  for (const time of root.querySelectorAll("time")) {
    if (time.textContent === time.title) time.textContent = exact(time); // a time to come, or one said exactly
    time.title = exact(time);
  }
}
showOwnTimes(document);
