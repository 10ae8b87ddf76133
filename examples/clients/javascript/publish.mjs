// A backtest that tells how far it is.
//
//   export MARKET_PULSE_TOKEN=$(market-pulse token create --scope publish --label backtest)
//   node publish.mjs http://127.0.0.1:3000 momentum-3
//
// Follow it with follow.mjs, or with `curl -N http://127.0.0.1:3000/api/v1/sse/backtest`.
import { setTimeout as sleep } from "node:timers/promises";

const [server, backtest] = process.argv.slice(2);
const token = process.env.MARKET_PULSE_TOKEN;
const secondsPerStep = Number(process.env.SECONDS_PER_STEP ?? "0.5");
const STEPS = 20;

/** Publishes one event and returns its id, once the server has stored it. Waits while the server is away or busy. */
async function publish(event, data) {
  for (;;) {
    let answer;
    try {
      answer = await fetch(`${server}/api/v1/channels/backtest/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ event, data }),
        signal: AbortSignal.timeout(10_000),
      });
    } catch (error) {
      // Nobody knows whether it was stored: telling it twice is better than never.
      console.error(`waiting ${error.cause?.code ?? error.name}`);
      await sleep(1000);
      continue;
    }
    const body = await answer.json();
    if (answer.status === 429 || answer.status === 503) {
      console.error(`waiting ${answer.status}`);
      await sleep(body.retry.delayMs);
      continue;
    }
    // A wrong token, or an event that does not fit: waiting does not help.
    if (!answer.ok) throw new Error(`${answer.status} ${body.error.message}`);
    return body.data.id;
  }
}

async function tell(progress, status, message, results = {}) {
  const data = { backtest_id: backtest, progress, status, message, current_date: `2025-01-${1 + Math.floor(progress / 4)}`, results };
  console.log(`published ${await publish("backtest_progress", data)} ${progress} %`);
}

await tell(0, "started", "loading prices");
for (let step = 1; step <= STEPS; step += 1) {
  await sleep(secondsPerStep * 1000);
  await tell((100 * step) / STEPS, "running", `step ${step} of ${STEPS}`, { total_return: step / 100, sharpe_ratio: 1.2 });
}
await tell(100, "completed", "done", { total_return: 0.2, sharpe_ratio: 1.2, max_drawdown: -0.08 });
