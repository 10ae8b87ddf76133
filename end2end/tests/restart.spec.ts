import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { Server } from "../fixture/server";
import { expect, OUTLETS, invented, tell, test, wordings } from "../fixture/news";

/** One event that a client got. */
interface Heard {
  kind: string;
  id: string;
  title: string;
}

const KINDS = ["news", "breaking", "breaking_update", "story_update", "gap"] as const;

/** A client that reconnects by itself, as every browser does. */
function listen(url: string): { heard: Heard[]; close: () => void } {
  const heard: Heard[] = [];
  const stream = new EventSource(`${url}/api/sse`);
  for (const kind of KINDS) {
    stream.addEventListener(kind, (event) => {
      const { title } = JSON.parse(event.data) as { title?: string };
      heard.push({ kind, id: event.lastEventId, title: title ?? "" });
    });
  }
  return { heard, close: () => stream.close() };
}

const titles = (heard: Heard[], mark: string): string[] =>
  heard.filter((event) => event.kind === "news" && event.title.includes(mark)).map((event) => event.title);

const told = (heard: Heard[], name: string): number =>
  heard.filter((event) => event.kind === "breaking" && event.title.includes(name)).length;

test("a client that is cut off by a kill gets every story once, and nothing breaks twice @once", async () => {
  test.setTimeout(120_000);
  const folder = await mkdtemp(join(tmpdir(), "market-pulse-restart-"));
  const server = await Server.start({ news: "a day of it", dataDir: folder });
  const client = listen(server.url);
  try {
    const name = invented();
    const town = invented();
    const entry = (n: number) => `${town} ledger entry ${n}: Port ${invented()} votes on mining fees`;
    const publish = (n: number, title: string) => server.publish({ source: OUTLETS[n % OUTLETS.length] ?? "", title });
    await tell(server, name, wordings(name));
    for (let n = 0; n < 4; n += 1) await publish(n, entry(n));
    await expect.poll(() => titles(client.heard, "ledger entry").length, { timeout: 20_000 }).toBe(4);
    await expect.poll(() => told(client.heard, name), { timeout: 20_000 }).toBe(1);

    await server.kill();
    await server.start();
    for (let n = 4; n < 8; n += 1) await publish(n, entry(n));
    await expect.poll(() => titles(client.heard, "ledger entry").length, { timeout: 40_000 }).toBe(8);

    const entries = titles(client.heard, "ledger entry");
    expect(new Set(entries).size, "each once").toBe(8);
    expect(told(client.heard, name), "breaking once").toBe(1);
    expect(client.heard.filter((e) => e.kind === "gap")).toHaveLength(0);
    const ids = client.heard.map((e) => Number(e.id));
    expect(ids, "in order").toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size, "each entry of the log once").toBe(ids.length);
  } finally {
    client.close();
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
