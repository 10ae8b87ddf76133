import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "@playwright/test";
import { end } from "../fixture/process";
import { Server } from "../fixture/server";

const EXAMPLES = resolve("../examples/clients");
/** What each publisher tells: the start, twenty steps, the end. */
const PROGRESS = ["0 started", ...Array.from({ length: 20 }, (_, n) => `${(n + 1) * 5} running`), "100 completed"];

/** The examples for one language: a job, and who follows it. */
const LANGUAGES = [
  {
    name: "Python",
    publish: ["python3", join(EXAMPLES, "python/publish_training.py")],
    follow: ["python3", join(EXAMPLES, "python/follow_training.py")],
  },
  {
    name: "JavaScript",
    publish: [process.execPath, join(EXAMPLES, "javascript/publish.mjs")],
    follow: [process.execPath, join(EXAMPLES, "javascript/follow.mjs")],
  },
] as const;

/** A running example, and what it printed. */
class Example {
  readonly lines: string[] = [];
  private readonly process: ChildProcess;

  constructor([program, script]: readonly [string, string], server: string, token: string) {
    const env = {
      ...process.env,
      PYTHONPATH: resolve("python"),
      MARKET_PULSE_TOKEN: token,
      SECONDS_PER_EPOCH: "0.2",
      SECONDS_PER_STEP: "0.2",
    };
    this.process = spawn(program, [script, server, "job-1"], { stdio: ["ignore", "pipe", "pipe"], env });
    for (const output of [this.process.stdout, this.process.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => this.lines.push(line));
    }
  }

  /** What it printed after this word. */
  said(word: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  }

  async says(word: string, count = 1): Promise<void> {
    await expect.poll(() => this.said(word).length, { message: word, timeout: 30_000 }).toBeGreaterThanOrEqual(count);
  }

  /** Waits until it has ended by itself. */
  async ends(): Promise<void> {
    await expect.poll(() => this.process.exitCode, { message: this.lines.join("\n"), timeout: 40_000 }).toBe(0);
  }

  async kill(): Promise<void> {
    await end(this.process);
  }
}

test.beforeAll(() => {
  // The examples find their packages beside themselves, as after `npm install`.
  const packages = join(EXAMPLES, "javascript/node_modules");
  if (!existsSync(packages)) symlinkSync(resolve("node_modules"), packages);
});

for (const { name, publish, follow } of LANGUAGES) {
  test(`the ${name} examples tell and follow a job, over a kill of the server, too @once`, async () => {
    test.setTimeout(150_000);
    const folder = await mkdtemp(join(tmpdir(), "market-pulse-channels-"));
    const server = await Server.start({ dataDir: folder });
    const token = server.token("publish");
    const followers = [new Example(follow, server.url, token), new Example(follow, server.url, token)];
    let publisher: Example | undefined;
    try {
      for (const follower of followers) await follower.says("connected");
      publisher = new Example(publish, server.url, token);
      await publisher.says("published", 5);

      await server.kill();
      await publisher.says("waiting");
      await server.start();

      await publisher.ends();
      for (const follower of followers) {
        await follower.ends();
        expect(follower.said("missed"), "nothing is lost").toEqual([]);
        const told = follower.said("progress").map((line) => line.split(" ").slice(0, 2).join(" "));
        // What was stored while its answer was lost is told again by the publisher, one after the other.
        expect(told.filter((line, n) => line !== told[n - 1])).toEqual(PROGRESS);
      }
      const [first, second] = followers.map((follower) => follower.said("progress"));
      expect(first, "two clients with one label both get everything").toEqual(second);
      const ids = publisher.said("published").map((line) => Number(line.split(" ")[0]));
      expect([...ids].sort((a, b) => a - b), "ids grow over a restart").toEqual(ids);
    } finally {
      await publisher?.kill();
      for (const follower of followers) await follower.kill();
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test(`the ${name} example says what is wrong with its token @once`, async () => {
    const server = await Server.start();
    const publisher = new Example(publish, server.url, "mp_nobodys0_" + "0".repeat(64));
    try {
      await expect.poll(() => publisher.lines.join("\n"), { timeout: 20_000 }).toContain("401 the token is wrong");
    } finally {
      await publisher.kill();
      await server.kill();
    }
  });
}
