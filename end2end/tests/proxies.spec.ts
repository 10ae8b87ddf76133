import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogReaders } from "../fixture/log-readers";
import { expect, OUTLETS, invented, test } from "../fixture/news";
import { Proxy } from "../fixture/proxy";
import { Server } from "../fixture/server";

// Behind a proxy as it is described for users, streams arrive as they do without one.
for (const kind of ["nginx", "caddy"] as const) {
  test(`streams pass through ${kind} at once @once`, async ({ server }) => {
    const proxy = await Proxy[kind](server.port);
    const [prices, news] = [proxy.follow("/api/realtime/BTC"), proxy.follow("/api/sse?events=news")];
    try {
      const page = await proxy.get("/");
      expect(page.status).toBe(200);
      expect(page.body).toContain("Market Pulse");

      // Each ticker by itself, while the stream stays open: nothing is held back for more.
      await expect.poll(() => prices.text.split('"type":"ticker"').length, { timeout: 20_000 }).toBeGreaterThan(6);
      expect(prices.parts, "parts").toBeGreaterThan(4);

      const title = `${invented()} Bank opens a vault in Porto`;
      await server.publish({ source: OUTLETS[0], title });
      await expect.poll(() => news.text.split(title).length - 1, { timeout: 20_000, message: title }).toBeGreaterThan(0);
      expect([prices.ended, news.ended], "the streams are open").toEqual([false, false]);
    } finally {
      prices.close();
      news.close();
      await proxy.end();
    }
  });

  test(`a restart behind ${kind} loses no client: streams are cut off, everybody else is told to wait @once`, async () => {
    test.setTimeout(120_000);
    const folder = await mkdtemp(join(tmpdir(), "market-pulse-proxies-"));
    const server = await Server.start({ news: "none yet", dataDir: folder });
    const proxy = await Proxy[kind](server.port);
    const command = [process.execPath, "clients/log_eventsource.mjs", proxy.trust] as const;
    const clients = new LogReaders("npm eventsource", command, proxy.url, 2);
    try {
      await clients.connected();
      await server.stop();
      for (const path of ["/api/realtime/BTC", "/api/sse", "/api/v1/sse/training", "/streams/any"]) {
        await expect(proxy.get(path), path).rejects.toThrow("Stream closed");
      }
      for (const path of ["/", "/api/news", "/api/v1/channels", "/socket.io/?EIO=4&transport=polling"]) {
        const answer = await proxy.get(path);
        expect([answer.status, answer.headers["retry-after"]], path).toEqual([503, "2"]);
        const { error, retry } = JSON.parse(answer.body) as { error: { code: string }; retry: { delayMs: number } };
        expect([error.code, retry.delayMs], path).toEqual(["going_down", 2000]);
      }
      // Cut off once, and two more tries in vain.
      await expect.poll(() => clients.fewestAway(), { timeout: 45_000, message: "they try" }).toBeGreaterThanOrEqual(3);

      await server.start();
      const title = `${invented()} Bank opens a vault in Lisbon`;
      await expect.poll(() => clients.connections(), { timeout: 45_000, message: "they are back" }).toBeGreaterThanOrEqual(4);
      await server.publish({ source: OUTLETS[0], title });
      const have = () => clients.streams().filter((told) => told.some((event) => event.title === title)).length;
      await expect.poll(have, { timeout: 20_000, message: title }).toBe(clients.count);
      expect(clients.closed(), "nobody has given up").toBe(0);
    } finally {
      await clients.end();
      await proxy.end();
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
