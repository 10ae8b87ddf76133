import { openLive, storyAbout } from "../fixture/page";
import { expect, invented, test } from "../fixture/news";

// The guard of fixture/test.ts fails a page that complains, breaks, or talks to another host.
test("hostile articles do nothing on any page", async ({ page, server }) => {
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.addInitScript(() => Object.assign(window, { ran: [] }));
  await openLive(page, "/");

  const name = invented();
  const payload = "<script>window.ran.push(1);alert(1)</script><img src=x onerror='window.ran.push(2)'><svg onload='window.ran.push(3)'></svg>";
  await server.publish({
    source: "ledger_wire",
    title: `${name} \u202Egnp.exe\u2066 ${payload} </title></textarea><script>window.ran.push(4)</script>`,
    description: `${payload}<a href="javascript:window.ran.push(5)">x</a><img src="https://tracker.example/p.gif" width=1 height=1>\u0000\u0007\r\ndata: {"forged":1}\n\nevent: breaking`,
  });
  const { id, title } = await server.story(name);
  expect(title).not.toMatch(/[\u0000-\u001f\u202a-\u202e\u2066-\u2069<]/);
  // A link that is a script is none: the item has its address from its guid, or is of no use.
  const scripted = invented();
  await server.publish({ source: "chain_courier", title: `${scripted} pays a dividend`, link: "javascript:window.ran.push(6)" });

  await expect(storyAbout(page, name)).toHaveCount(1, { timeout: 15_000 });
  for (const path of ["/", "/news", `/news/${id}`, `/news?q=${encodeURIComponent(payload)}`, `/news/${encodeURIComponent(payload)}`, "/status"]) {
    await page.goto(path);
    await expect(page.getByTestId("link-status")).toContainText("Real-time");
    const found = await page.evaluate(() => ({
      ran: (window as unknown as { ran: number[] }).ran,
      images: document.querySelectorAll("main img, main iframe, main object, main embed").length,
      scripts: document.querySelectorAll("main [onerror], main [onload], main [onclick], main script:not([nonce])").length,
      links: [...document.querySelectorAll("a[href]")].map((a) => (a as HTMLAnchorElement).protocol),
    }));
    expect(found.ran, path).toEqual([]);
    expect(found.images, path).toBe(0);
    expect(new Set(found.links), path).not.toContain("javascript:");
  }
  expect(dialogs).toEqual([]);
  for (const story of await server.stories(scripted)) expect(story.link).toMatch(/^https?:/);
});
