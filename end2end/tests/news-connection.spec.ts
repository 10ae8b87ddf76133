import { link, openLive, storyAbout } from "../fixture/page";
import { Line } from "../fixture/line";
import { expect, invented, OUTLETS, test } from "../fixture/news";

const CUT_MS = 30_000;

test("a page that is cut off for 30 s shows every story exactly once", { tag: "@once" }, async ({ browser, server }) => {
  test.setTimeout(150_000);
  const line = await Line.to(server.port);
  const page = await browser.newPage({ baseURL: line.url });
  const thrown: string[] = [];
  const positions: number[] = [];
  page.on("pageerror", (error) => thrown.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/api/realtime") positions.push(Number(url.searchParams.get("lastEventId")));
  });
  try {
    await openLive(page, "/");
    const [before, ...missed] = Array.from({ length: 5 }, invented);
    await server.publish({ source: OUTLETS[0], title: `${before} files its Bitcoin accounts` });
    await expect(storyAbout(page, before ?? "")).toHaveCount(1, { timeout: 15_000 });

    line.cut();
    await expect(link(page)).toContainText(/Reconnecting/);
    const since = Date.now();
    const deeds = ["buys a shipyard", "names a chairwoman", "settles with its lenders", "delays its testnet"];
    for (const [at, name] of missed.entries()) {
      await server.publish({ source: OUTLETS[at] ?? "", title: `${name} ${deeds[at]} near ${invented()}` });
    }
    for (const name of missed) await server.story(name);
    await page.waitForFunction((until) => Date.now() >= until, since + CUT_MS, { timeout: CUT_MS + 10_000 });
    for (const name of missed) await expect(storyAbout(page, name)).toHaveCount(0);

    line.mend();
    await expect(link(page)).toContainText("Real-time", { timeout: 45_000 });
    for (const name of [before ?? "", ...missed]) {
      await expect(storyAbout(page, name), name).toHaveCount(1, { timeout: 15_000 });
    }
    const ids = await page.getByTestId("story").evaluateAll((all) => all.map((story) => story.getAttribute("data-story")));
    expect(new Set(ids).size).toBe(ids.length);
    expect(positions.length).toBeGreaterThan(1);
    expect(positions.at(-1)).toBeGreaterThan(positions[0] ?? 0);
    expect(thrown).toEqual([]);
  } finally {
    await page.close();
    await line.close();
  }
});

test.use({ expectedMessages: [/^Failed to load resource: net::ERR_/] });

test("where streams can't pass, stories are asked for", { tag: "@once" }, async ({ page, server }) => {
  test.setTimeout(90_000);
  await page.route("**/api/realtime?*", (route) => route.abort());
  await page.goto("/");
  await expect(link(page)).toContainText("Polling", { timeout: 30_000 });
  const name = invented();
  await server.publish({ source: "ledger_wire", title: `${name} reopens its Dogecoin desk` });
  await expect(storyAbout(page, name)).toHaveCount(1, { timeout: 30_000 });
});
