import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, OUTLETS, invented, test } from "../fixture/news";

/** Programs that use a client of the public registries as its own documentation shows. */
const CLIENTS = [
  { name: "npm eventsource", command: [process.execPath, "clients/follow.mjs"] },
  { name: "sseclient-py", command: ["python3", "clients/follow_sseclient.py"] },
  { name: "aiohttp-sse-client", command: ["python3", "clients/follow_aiohttp.py"] },
] as const;

/** A running client, and what it printed. */
class Follower {
  readonly lines: string[] = [];
  private readonly process: ChildProcess;

  constructor(command: readonly [string, string], url: string) {
    const [program, script] = command;
    const env = { ...process.env, PYTHONPATH: resolve("python") };
    this.process = spawn(program, [script, `${url}/api/sse`], { stdio: ["ignore", "pipe", "pipe"], env });
    for (const output of [this.process.stdout, this.process.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => this.lines.push(line));
    }
  }

  /** Waits for a line that begins so. */
  async says(start: string): Promise<void> {
    await expect
      .poll(() => this.lines.filter((line) => line.startsWith(start)).length, { message: start, timeout: 20_000 })
      .toBeGreaterThan(0);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}

for (const { name, command } of CLIENTS) {
  test(`${name} prints titles, sources and prices @once`, async ({ server }) => {
    const follower = new Follower(command, server.url);
    try {
      await follower.says("price BTC ");
      const title = `${invented()} Bank opens a vault in Lisbon`;
      await server.publish({ source: OUTLETS[0], title });
      await expect
        .poll(() => follower.lines.find((line) => line.startsWith("news ") && line.endsWith(`: ${title}`)), { timeout: 20_000 })
        .toMatch(/^news [A-Z].+: /);
      expect(follower.lines.filter((line) => line.includes(title)), "once").toHaveLength(1);
    } finally {
      await follower.end();
    }
  });
}
