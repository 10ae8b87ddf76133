import type { Page } from "@playwright/test";
import { openLive } from "../fixture/page";
import { expect, invented, tell, test, verdicts, wordings } from "../fixture/news";
import type { Server } from "../fixture/server";

// What the outlets told of before could become breaking at any time, and take the banner.
test.use({ news: "none yet" });

/** Five outlets report one event within seconds. Returns the story. */
async function breakingNews(server: Server, words: (name: string) => string[] = wordings): Promise<string> {
  const name = invented();
  return (await tell(server, name, words(name))).id;
}

const banner = (page: Page, id: string) => page.locator(`[data-testid=breaking-banner][data-story="${id}"]`);

/**
 * Puts away what else is breaking until the banner has this story. Looking and putting away are one step in the page: a
 * click of the mouse could come after the banner changed, and put away the story itself.
 */
async function expectBanner(page: Page, id: string): Promise<void> {
  const look = () =>
    page.evaluate((id) => {
      const shown = document.querySelector<HTMLElement>("[data-testid=breaking-banner]");
      const story = shown?.dataset["story"];
      if (story !== id) shown?.querySelector<HTMLElement>("[data-testid=dismiss]")?.click();
      return story;
    }, id);
  await expect.poll(look, { timeout: 25_000, message: `the banner has ${id}` }).toBe(id);
}

test("breaking news says why, on every page, until it is put away", async ({ page, server }) => {
  await openLive(page, "/status");
  const id = await breakingNews(server);
  await expectBanner(page, id);
  await expect(banner(page, id)).toContainText(/Breaking/i);
  await expect(banner(page, id)).toContainText(/sources in/);
  await openLive(page, "/coin/BTC");
  await expectBanner(page, id);
  await openLive(page, `/news/${id}`);
  await expectBanner(page, id);
  await expect(page.getByTestId("why-breaking")).toContainText(/score 0\.\d\d|score 1\.00/);

  await banner(page, id).getByTestId("dismiss").click();
  await expect(banner(page, id)).toHaveCount(0);
  const first = await (await page.request.get("/")).text();
  expect(first).not.toMatch(new RegExp(`data-testid="breaking-banner"[^>]*data-story="${id}"`));
  await page.reload();
  await expect(page.getByTestId("link-status")).toContainText("Real-time");
  await expect(banner(page, id)).toHaveCount(0);
  const kept = (await page.context().cookies()).find((cookie) => cookie.name === "mp_dismissed");
  expect(kept?.value.length ?? 0).toBeLessThan(1_000);
});

test.describe("notifications", { tag: "@once" }, () => {
  interface Shown {
    title: string;
    tag: string;
  }

  /** A browser whose visitor answers `answer` when asked. */
  async function visitor(page: Page, answer: NotificationPermission): Promise<void> {
    await page.addInitScript((answer) => {
      const record = { asked: 0, shown: [] as Shown[] };
      class Recorded {
        static permission: NotificationPermission = "default";
        static async requestPermission(): Promise<NotificationPermission> {
          record.asked += 1;
          Recorded.permission = answer;
          return answer;
        }
        onclick: unknown = null;
        constructor(title: string, options: { tag: string }) {
          record.shown.push({ title, tag: options.tag });
        }
        close(): void {}
      }
      Object.assign(window, { record, Notification: Recorded });
    }, answer);
  }

  const record = (page: Page) => page.evaluate(() => (window as unknown as { record: { asked: number; shown: Shown[] } }).record);

  test("are asked for by a click only, and come once for each story", async ({ page, server }) => {
    await visitor(page, "granted");
    await openLive(page, "/");
    const button = page.getByTestId("notify");
    await expect(button).toHaveText("Notify me");
    expect((await record(page)).asked).toBe(0);
    await button.click();
    await expect(button).toHaveText("Notifying");
    await expect(button).toHaveAttribute("aria-pressed", "true");
    expect((await record(page)).asked).toBe(1);

    const id = await breakingNews(server, verdicts);
    await expect.poll(async () => (await record(page)).shown.filter((n) => n.tag === id).length, { timeout: 25_000 }).toBe(1);
    // The story goes on changing.
    await server.publish({ source: "the_tally", title: `${(await server.stories(id)).length} notes on what was stolen` });
    const before = (await record(page)).shown.filter((n) => n.tag === id).length;
    expect(before).toBe(1);

    await button.click();
    await expect(button).toHaveText("Notify me");
  });

  test("a refusal is said and nothing is asked again", async ({ page }) => {
    await visitor(page, "denied");
    await openLive(page, "/");
    const button = page.getByTestId("notify");
    await button.click();
    await expect(button).toHaveText("Blocked");
    await expect(button).toBeDisabled();
    expect(await record(page)).toEqual({ asked: 1, shown: [] });
  });

  test("a browser without them says so", async ({ page }) => {
    await page.addInitScript(() => Reflect.deleteProperty(window, "Notification"));
    await openLive(page, "/");
    await expect(page.getByTestId("notify")).toHaveText("Not available");
    await expect(page.getByTestId("notify")).toBeDisabled();
  });
});
