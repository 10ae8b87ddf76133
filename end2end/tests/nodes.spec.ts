import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { Follower } from "../fixture/follower";
import { LogReaders } from "../fixture/log-readers";
import { expect, type Nodes, role, STREAMS_PER_ADDRESS, test } from "../fixture/nodes";
import { expectToMove, link, openLive, price, stripItem } from "../fixture/page";
import { PriceReader } from "../fixture/price-reader";
import { Reporter } from "../fixture/reporter";
import { type Server, VENUES } from "../fixture/server";

const READERS = 50;

/** Clients of the public registries that follow the news through nginx. */
function logReaders({ proxy }: Nodes): LogReaders[] {
  const { url, trust } = proxy;
  return [
    new LogReaders("npm eventsource", [process.execPath, "clients/log_eventsource.mjs", trust], url, 8),
    ...[1, 2, 3].map((n) => new LogReaders(`sseclient-py ${n}`, ["python3", "clients/log_sseclient.py", trust], url, 1)),
  ];
}

/** Readers of prices, each with an address of its own. */
function priceReaders({ proxy }: Nodes): PriceReader[] {
  const certificate = readFileSync(proxy.certificate);
  const address = (n: number) => `127.0.1.${n + 1}`;
  return Array.from({ length: READERS }, (_, n) => new PriceReader(`${proxy.url}/api/realtime/BTC`, certificate, address(n)));
}

/** Waits until the news that is told from now on reaches every client. */
async function newsFlows(clients: LogReaders[], reporter: Reporter): Promise<void> {
  const enough = reporter.published + 10;
  for (const client of clients) {
    await expect
      .poll(() => client.fewest(reporter), { timeout: 45_000, message: `news reaches ${client.name}` })
      .toBeGreaterThanOrEqual(enough);
  }
}

/** A training job: its twenty epochs reach everybody who follows it through nginx, whatever happens meanwhile. Returns how often they connected. */
async function job(
  cluster: Nodes,
  { id, readers, secondsPerEpoch }: { id: string; readers: number; secondsPerEpoch: number },
  meanwhile: (publisher: Follower) => Promise<void>,
): Promise<number> {
  const { url, trust } = cluster.proxy;
  const env = { ...trust, MARKET_PULSE_TOKEN: await cluster.token("publish"), SECONDS_PER_EPOCH: String(secondsPerEpoch) };
  const example = (name: string) => new Follower(["python3", `../examples/clients/python/${name}.py`, env], url, id);
  const followers = Array.from({ length: readers }, () => example("follow_training"));
  let publisher: Follower | undefined;
  try {
    for (const follower of followers) await follower.says("connected as ");
    publisher = example("publish_training");
    await meanwhile(publisher);
    for (const follower of followers) {
      await follower.says("progress 100 completed ");
      expect(follower.count("missed "), "nothing is lost").toBe(0);
      const steps = follower.lines.filter((line) => line.startsWith("progress ")).map((line) => Number(line.split(" ")[1]));
      // What was stored while its answer was lost is told again by the publisher, one after the other.
      expect(steps.filter((step, n) => step !== steps[n - 1])).toEqual(Array.from({ length: 21 }, (_, n) => n * 5));
    }
    return followers.reduce((sum, follower) => sum + follower.count("connected as "), 0);
  } finally {
    await publisher?.end();
    for (const follower of followers) await follower.end();
  }
}

/** Waits until every reader gets live prices again. */
async function pricesFlow(readers: PriceReader[]): Promise<void> {
  const before = readers.map(({ live }) => live);
  const silent = () => readers.filter(({ live }, n) => live < (before[n] ?? 0) + 3).map(({ address }) => address);
  await expect.poll(silent, { timeout: 30_000, message: "every reader gets live prices" }).toEqual([]);
}

test("no client misses a news event while nodes and Redis are killed under load @once", async ({ cluster }) => {
  test.setTimeout(180_000);
  const clients = logReaders(cluster);
  const readers = priceReaders(cluster);
  let reporter: Reporter | undefined;
  try {
    for (const client of clients) await client.connected();
    reporter = new Reporter(cluster.simulator);
    await newsFlows(clients, reporter);
    await pricesFlow(readers);

    const { leader } = await cluster.parts();
    await leader.kill();
    await cluster.takenOver(leader);
    await newsFlows(clients, reporter);
    await pricesFlow(readers);
    await leader.start();
    await cluster.settled();

    await cluster.redis.kill();
    for (const server of cluster.servers) {
      await expect.poll(() => role(server), { timeout: 20_000 }).toMatch(/^alone: /);
      await server.healthy();
    }
    await pricesFlow(readers);
    await cluster.redis.start();
    await cluster.settled();
    await newsFlows(clients, reporter);

    const { followers } = await cluster.parts();
    await followers[0].kill();
    await newsFlows(clients, reporter);
    await followers[0].start();
    await cluster.settled();
    await newsFlows(clients, reporter);
    await pricesFlow(readers);

    const titles = await reporter.stop();
    const told = [];
    for (const client of clients) told.push(...(await client.haveAll(reporter, titles)));
    for (const articles of told) expect(articles, "the same ids for everybody").toEqual(told[0]);
    expect(readers.flatMap(({ refusals }) => refusals), "nobody was refused").toEqual([]);
    const reconnected = clients.reduce((sum, client) => sum + client.connections(), 0);
    expect(reconnected, "clients were cut off").toBeGreaterThan(told.length);
  } finally {
    await reporter?.stop();
    for (const reader of readers) reader.end();
    for (const client of clients) await client.end();
  }
});

test.describe("pages", () => {
  test.use({ ignoreHTTPSErrors: true });

  /** A page, and where it opened its stream each time. */
  interface Visitor {
    page: Page;
    streams: Server[];
  }

  async function visit(cluster: Nodes, page: Page): Promise<Visitor> {
    const streams: Server[] = [];
    page.on("response", (answer) => {
      if (new URL(answer.url()).pathname === "/api/realtime" && answer.ok()) streams.push(cluster.at(answer.headers()["x-node"]));
    });
    await openLive(page, `${cluster.proxy.url}/`);
    await page.evaluate(() => document.documentElement.setAttribute("data-not-reloaded", ""));
    await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "live");
    return { page, streams };
  }

  /** A page whose stream is at the leader, and one whose stream is elsewhere: each takes the node with the fewest. */
  async function visitors(cluster: Nodes, context: BrowserContext): Promise<{ led: Visitor; following: Visitor; leader: Server }> {
    const { leader } = await cluster.parts();
    const all: Visitor[] = [];
    for (let n = 0; n < cluster.servers.length; n += 1) all.push(await visit(cluster, await context.newPage()));
    const led = all.find(({ streams }) => streams[0] === leader);
    const following = all.find(({ streams }) => streams[0] !== leader);
    if (!led || !following) throw new Error("all pages are at one node");
    return { led, following, leader };
  }

  async function areLive(all: Visitor[]): Promise<void> {
    for (const { page } of all) {
      await expect(link(page)).toContainText("Real-time", { timeout: 30_000 });
      await expect(link(page)).toContainText("4/4", { timeout: 30_000 });
      await expectToMove(price(page, "BTC"));
      await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "live");
      await expect(page.locator("html[data-not-reloaded]")).toHaveCount(1);
    }
  }

  test("stay live over the leader's death @once", async ({ cluster, context }) => {
    test.setTimeout(90_000);
    const thrown = errors(context);
    const { led, following, leader } = await visitors(cluster, context);
    await leader.kill();
    await cluster.takenOver(leader);
    await areLive([led, following]);
    expect(led.streams.at(-1), "it went on at another node").not.toBe(leader);
    expect(following.streams, "nothing has changed for it").toHaveLength(1);
    expect(thrown).toEqual([]);
  });

  test("show no price as live where the next leader reaches no exchange @once", async ({ cluster, context }) => {
    test.setTimeout(90_000);
    const thrown = errors(context);
    const { led, following, leader } = await visitors(cluster, context);
    for (const venue of VENUES) await cluster.simulator.post(`/${venue}`, { fault: "refuse" });
    await leader.kill();
    await cluster.takenOver(leader);
    for (const { page } of [led, following]) {
      await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "down", { timeout: 30_000 });
      await expect(link(page)).toContainText("Real-time");
      await expect(link(page)).toContainText("0/4");
    }
    for (const server of cluster.servers.filter((server) => server !== leader)) {
      expect((await server.ticker("BTC")).freshness, `the node at ${server.port}`).toBe("down");
    }
    for (const venue of VENUES) await cluster.simulator.post(`/${venue}/clear`, {});
    await areLive([led, following]);
    expect(thrown).toEqual([]);
  });

  function errors(context: BrowserContext): string[] {
    const thrown: string[] = [];
    context.on("weberror", (error) => thrown.push(error.error().message));
    return thrown;
  }
});

test.describe("Socket.IO", () => {
  for (const transports of [[], ["polling"]]) {
    test(`goes on at another node by ${transports[0] ?? "what the client finds"} @once`, async ({ cluster }) => {
      test.setTimeout(90_000);
      const { url, trust } = cluster.proxy;
      const follower = new Follower([process.execPath, "clients/follow_socketio.mjs", trust], url, ...transports);
      const prices = () => follower.says("price_update BTCUSDT ", follower.count("price_update BTCUSDT ") + 2);
      try {
        await follower.says("subscribed BTCUSDT ETHUSDT: Subscribed to 2 symbols");
        await prices();
        if (transports.length === 0) await follower.says("upgrade websocket");
        expect(follower.lines.filter((line) => /^(disconnect|connect_error|stream_error)/.test(line))).toEqual([]);

        // All clients of one address are at one node, which refuses a version that there never was.
        const node = async () => cluster.at((await cluster.proxy.get("/socket.io/?EIO=0&transport=polling")).headers["x-node"]).port;
        const server = cluster.at(`127.0.0.1:${await node()}`);
        await server.kill();
        await follower.says("disconnect transport ");
        await follower.says("connected ", 1);
        await prices();
        await server.start();
        await expect.poll(node, { message: "the address is back at its node" }).toBe(server.port);
        await prices();
      } finally {
        await follower.end();
      }
    });
  }
});

test("clients come back though no node was there for a while @once", async ({ cluster }) => {
  test.setTimeout(120_000);
  const clients = logReaders(cluster);
  const streams = clients.reduce((sum, client) => sum + client.count, 0);
  let reporter: Reporter | undefined;
  try {
    for (const client of clients) await client.connected();
    reporter = new Reporter(cluster.simulator);
    await newsFlows(clients, reporter);

    for (const server of cluster.servers) await server.kill();
    cluster.proxy.log.length = 0;
    await expect.poll(() => cluster.proxy.vain("/api/sse"), { timeout: 20_000, message: "they try" }).toBeGreaterThanOrEqual(streams);
    await Promise.all(cluster.servers.map((server) => server.start()));
    await newsFlows(clients, reporter);

    const titles = await reporter.stop();
    for (const client of clients) await client.haveAll(reporter, titles);
  } finally {
    await reporter?.stop();
    for (const client of clients) await client.end();
  }
});

test("named channels are followed at any node, and nothing is lost while nodes are killed @once", async ({ cluster }) => {
  test.setTimeout(120_000);
  const readers = 4;
  const connections = await job(cluster, { id: "job-1", readers, secondsPerEpoch: 0.5 }, async (publisher) => {
    await publisher.says("published ", 2);
    const { leader, followers } = await cluster.parts();
    for (const server of [leader, followers[0]]) {
      await server.kill();
      await publisher.says("published ", publisher.count("published ") + 3);
      await server.start();
    }
  });
  expect(connections, "some were cut off, and went on at other nodes").toBeGreaterThan(readers);
});

test("publishers wait while Redis is away, and go on where they were when it comes back empty @once", async ({ cluster }) => {
  test.setTimeout(120_000);
  await job(cluster, { id: "job-2", readers: 2, secondsPerEpoch: 0.2 }, async (publisher) => {
    await publisher.says("published ", 5);
    await cluster.redis.kill();
    await publisher.says("waiting 503");
    await cluster.redis.start();
    await cluster.settled();
  });
});

test("limits count the address that nginx saw, whatever a client says of itself @once", async ({ cluster }) => {
  const certificate = readFileSync(cluster.proxy.certificate);
  const url = `${cluster.proxy.url}/api/realtime/BTC`;
  const room = cluster.servers.length * STREAMS_PER_ADDRESS;
  const readers = Array.from({ length: room + 5 }, (_, n) => new PriceReader(url, certificate, "127.0.2.1", { "x-forwarded-for": `203.0.113.${n}` }));
  const neighbor = new PriceReader(url, certificate, "127.0.2.2");
  try {
    const refused = () => readers.filter(({ connections, refusals }) => connections === 0 && refusals.length > 1).length;
    await expect.poll(refused, { message: "more than there is room for" }).toBe(5);
    expect(new Set(readers.flatMap(({ refusals }) => refusals))).toEqual(new Set([503]));
    await expect.poll(() => neighbor.live).toBeGreaterThan(2);
    expect(neighbor.refusals).toEqual([]);
  } finally {
    for (const reader of [neighbor, ...readers]) reader.end();
  }
});
