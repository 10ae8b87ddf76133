import { expect, OUTLETS, invented, test } from "../fixture/news";
import { Proxy } from "../fixture/proxy";

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
}
