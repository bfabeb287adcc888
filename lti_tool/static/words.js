// What the scripts say, in the page's language: the layout leaves the sentences behind, English stands in the calls.
const sentences = JSON.parse(document.getElementById("sentences")?.textContent ?? "{}");
const ORDER = ["zero", "one", "two", "few", "many", "other"]; // as a catalogue with six forms has them
const filled = (text, values) => text.replace(/%%|%\((\w+)\)s/g, (_, name) => (name ? values[name] : "%"));

export const say = (text, values = {}) => filled(sentences[text] ?? text, values);

// `other` is for every count but 1; both may name `count`.
export function sayCount(one, other, count, values = {}) {
  const forms = sentences[one] ?? [one, other];
  const fitting = new Intl.PluralRules(document.documentElement.lang).select(count);
  const place = forms.length === ORDER.length ? ORDER.indexOf(fitting) : Number(fitting !== "one");
  return filled(forms[place], { count, ...values });
}
