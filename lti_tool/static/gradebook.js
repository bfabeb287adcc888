// Shows a sync as it runs: reads the table anew while scores are on their way, and stops when none is.
const ledger = document.getElementById("ledger");
let pause = 1000;

async function follow() {
  const waiting = Number(ledger.querySelector("[data-waiting]")?.dataset.waiting ?? 0);
  if (!waiting) return;
  await new Promise((done) => setTimeout(done, pause));
  pause = Math.min(pause * 1.2, 15000);
  try {
    const answer = await fetch(ledger.dataset.table);
    if (answer.ok && !ledger.contains(document.activeElement)) ledger.innerHTML = await answer.text();
  } catch { /* the network comes back or it does not; the next turn sees */ }
  follow();
}
follow();
