import type { Page } from "@playwright/test";
import { expectToMove, link, openLive, price, stripItem } from "../fixture/page";
import { Server } from "../fixture/server";
import { expect, test } from "../fixture/test";

test.describe("the page's own connection", { tag: "@once" }, () => {
  test.use({ expectedMessages: [/^Failed to load resource: net::ERR_/] });

  test("the server is killed and restarted: the page goes live by itself", async ({ browser }) => {
    test.setTimeout(120_000);
    const server = await Server.start();
    const page = await browser.newPage({ baseURL: server.url });
    const thrown: string[] = [];
    page.on("pageerror", (error) => thrown.push(error.message));
    try {
      await openLive(page, "/");
      await page.evaluate(() => document.documentElement.setAttribute("data-not-reloaded", ""));

      await server.kill();
      await expect(link(page)).toContainText("Reconnecting");
      await expect(link(page)).toContainText("0/4");
      await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "down");

      await server.start();
      await expect(link(page)).toContainText("Real-time", { timeout: 35_000 });
      await expect(link(page)).toContainText("4/4");
      await expectToMove(price(page, "BTC"));
      await expect(page.locator("html[data-not-reloaded]")).toHaveCount(1);
      expect(thrown).toEqual([]);
    } finally {
      await page.close();
      await server.kill();
    }
  });

  test("where streams can't pass, the page asks, and goes live when they can", async ({ page }) => {
    test.setTimeout(120_000);
    await page.route("**/api/realtime?*", (route) => route.abort());
    await page.goto("/");
    await expect(link(page)).toContainText("Polling", { timeout: 30_000 });
    await expect(stripItem(page, "BTC")).toHaveAttribute("data-freshness", "live");
    await expectToMove(price(page, "BTC"));
    await page.unroute("**/api/realtime?*");
    await expect(link(page)).toContainText("Real-time", { timeout: 40_000 });
  });
});

test("a page that nobody sees for a minute closes its stream and opens it again", { tag: "@once" }, async ({ page }) => {
  await page.clock.install();
  await page.addInitScript(() => {
    const own = window.EventSource;
    const streams: EventSource[] = [];
    window.EventSource = class extends own {
      constructor(address: string | URL, options?: EventSourceInit) {
        super(address, options);
        streams.push(this);
      }
    };
    Object.assign(window, { streams });
    let hidden = false;
    Object.defineProperty(Document.prototype, "hidden", { get: () => hidden });
    Object.defineProperty(Document.prototype, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
    window.addEventListener("test:sight", (event) => {
      hidden = (event as CustomEvent<boolean>).detail;
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
  });
  await openLive(page, "/");
  expect(await states(page)).toEqual([EventSourceState.open]);

  await hide(page, true);
  await page.clock.fastForward(30_000);
  expect(await states(page)).toEqual([EventSourceState.open]);
  await page.clock.fastForward(31_000);
  await expect.poll(() => states(page)).toEqual([EventSourceState.closed]);

  await hide(page, false);
  await expect.poll(() => states(page)).toEqual([EventSourceState.closed, EventSourceState.open]);
  await expect(link(page)).toContainText("Real-time");
});

/** `EventSource.readyState`. */
const EventSourceState = { connecting: 0, open: 1, closed: 2 } as const;

const states = (page: Page): Promise<number[]> =>
  page.evaluate(() => (window as unknown as { streams: EventSource[] }).streams.map((s) => s.readyState));

const hide = (page: Page, hidden: boolean): Promise<boolean> =>
  page.evaluate((detail) => window.dispatchEvent(new CustomEvent("test:sight", { detail })), hidden);
