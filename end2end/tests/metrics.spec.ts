import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, OUTLETS, invented, test } from "../fixture/news";

/** What the set-up installed where the system has none of its own. */
const INSTALLED = resolve("tools/promtool");
const PROMTOOL = existsSync(INSTALLED) ? INSTALLED : "promtool";
const RULES = resolve("../deploy/prometheus");

/** Runs Prometheus' own tool. It must find nothing to complain of. */
function promtool(args: string[], options: { input?: string; cwd?: string } = {}): void {
  const { status, stdout, stderr, error } = spawnSync(PROMTOOL, args, { ...options, encoding: "utf8" });
  expect(error, `${PROMTOOL} runs`).toBeUndefined();
  expect({ status, stdout, stderr }, `promtool ${args.join(" ")}`).toMatchObject({ status: 0 });
}

test("promtool finds nothing to complain of in the metrics @once", async ({ server }) => {
  const title = `${invented()} Bank opens a vault in Turin`;
  await server.publish({ source: OUTLETS[0], title });
  await server.story(title.split(" ")[0] ?? "");
  await fetch(`${server.url}/price/BTC`);
  await fetch(`${server.url}/nothing/at/all`);
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await answer.text();
  for (const series of [
    'market_pulse_venue_messages_total{venue="binance",kind="ticker"}',
    'market_pulse_venue_data_age_seconds{venue="okx",symbol="BTC"}',
    'market_pulse_http_requests_total{method="GET",route="/price/{symbol}",status="200"}',
    "market_pulse_events_stored_total{",
    "process_resident_memory_bytes",
  ]) {
    expect(text).toContain(series);
  }
  promtool(["check", "metrics"], { input: text });
});

test("Prometheus gets the form that it prefers @once", async ({ server }) => {
  const headers = { accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1" };
  const answer = await fetch(`${server.url}/metrics`, { headers });
  expect(answer.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect((await answer.text()).endsWith("# EOF\n")).toBe(true);
});

test("the alert rules are sound and do what they say @once", () => {
  promtool(["check", "rules", "alerts.yml"], { cwd: RULES });
  promtool(["test", "rules", "alerts.test.yml"], { cwd: RULES });
});
