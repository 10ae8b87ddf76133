import type { APIResponse, Page } from "@playwright/test";
import { expect, invented, test } from "../fixture/news";
import { openLive, PAGES } from "../fixture/page";

/** The policy of an answer, by the name of each part. */
function policy(answer: APIResponse): Map<string, string[]> {
  const parts = (answer.headers()["content-security-policy"] ?? "").split(";").map((part) => part.trim().split(/\s+/));
  return new Map(parts.map(([name = "", ...sources]) => [name, sources]));
}

/** The nonce that the scripts of an answer need. */
function nonce(answer: APIResponse): string {
  const source = policy(answer).get("script-src")?.find((source) => source.startsWith("'nonce-"));
  return source?.slice("'nonce-".length, -1) ?? "";
}

declare global {
  interface Window {
    violations: string[];
    injected?: string;
  }
}

/** Notes what the policy blocks from the first moment of every page on. */
async function noteViolations(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
      window.violations.push(`${violatedDirective} blocked ${blockedURI} of ${sourceFile}`);
    });
  });
}

const violations = (page: Page): Promise<string[]> => page.evaluate(() => window.violations);

for (const { name, path, status } of PAGES) {
  test(`${name}: the headers and the first HTML agree`, { tag: "@once" }, async ({ request }) => {
    const seen = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const answer = await request.get(path, { headers: { accept: "text/html,*/*;q=0.8" } });
      expect(answer.status()).toBe(status);
      const headers = answer.headers();
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
      expect(headers["permissions-policy"]).toContain("camera=()");
      const parts = policy(answer);
      expect(parts.get("default-src")).toEqual(["'none'"]);
      expect(parts.get("frame-ancestors")).toEqual(["'none'"]);
      expect(parts.get("base-uri")).toEqual(["'none'"]);
      expect(parts.get("object-src")).toEqual(["'none'"]);
      expect([...parts.values()].flat()).not.toContain("'unsafe-inline'");
      expect([...parts.values()].flat()).not.toContain("'unsafe-eval'");

      const own = nonce(answer);
      expect(own.length).toBeGreaterThanOrEqual(22);
      expect(seen.has(own), "a nonce is used once").toBe(false);
      seen.add(own);

      const html = await answer.text();
      const scripts = html.match(/<script\b[^>]*>/g) ?? [];
      expect(scripts.length).toBeGreaterThan(0);
      for (const script of scripts) expect(script).toContain(`nonce="${own}"`);
      expect(html).not.toMatch(/<style\b/i);
      expect(html).not.toMatch(/<[a-z][^>]*\s(style|on[a-z]+)=/i);
      expect(html).not.toContain("javascript:");
    }
  });

  test(`${name}: nothing of the page itself is blocked`, async ({ page }) => {
    await noteViolations(page);
    await openLive(page, path);
    if (name === "coin") await expect(page.locator("market-chart canvas").first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });
}

test("a story's page: nothing of it is blocked, and its scripts carry the nonce", async ({ page, request, server }) => {
  const name = invented();
  await server.publish({ source: "ledger_wire", title: `${name} opens a vault for Bitcoin` });
  const { id } = await server.story(name);
  const answer = await request.get(`/news/${id}`);
  const scripts = (await answer.text()).match(/<script\b[^>]*>/g) ?? [];
  for (const script of scripts) expect(script).toContain(`nonce="${nonce(answer)}"`);
  await noteViolations(page);
  await openLive(page, `/news/${id}`);
  await expect(page.locator("h1")).toContainText(name);
  expect(await violations(page)).toEqual([]);
});

test("going from page to page blocks nothing either", { tag: "@once" }, async ({ page }) => {
  await noteViolations(page);
  await openLive(page, "/");
  await page.locator("[data-testid=market-row][data-symbol=ETH] a").first().click();
  await expect(page.locator("market-chart canvas").first()).toBeVisible();
  for (const path of ["/news", "/status", "/"]) {
    await page.locator(`a[href="${path}"]:visible`).first().click();
    await expect(page).toHaveURL(new RegExp(`${path}$`));
  }
  expect(await violations(page)).toEqual([]);
});

test("answers that are no pages show and run nothing", { tag: "@once" }, async ({ request }) => {
  for (const path of ["/symbols", "/live", "/api/news", "/api/rss", "/favicon.svg", "/pkg/market-pulse.js", "/price/NOSUCH"]) {
    const answer = await request.get(path);
    expect(answer.headers()["content-security-policy"], path).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(answer.headers()["x-content-type-options"], path).toBe("nosniff");
  }
});

test.describe("with something injected", () => {
  test.use({ expectedMessages: [/Content Security Policy/] });

  test("what is not of the server does not run", { tag: "@once" }, async ({ page }) => {
    await noteViolations(page);
    // As if a text of a feed had got into the page as markup.
    await page.route("/", async (route) => {
      const answer = await route.fetch();
      const inHead = [
        "<script>window.injected = 'inline script'</script>",
        "<script nonce='guessed'>window.injected = 'guessed nonce'</script>",
        "<script src='data:text/javascript,window.injected=1'></script>",
        "<base href='https://elsewhere.example/'>",
      ];
      const inBody = [
        "<img src='/favicon.svg' onload=\"window.injected = 'handler'\">",
        "<p id='painted' style='color: rgb(1, 2, 3)'>painted</p>",
      ];
      // Behind what the page finds again when it comes alive.
      const head = (await answer.text()).replace("</head>", `${inHead.join("")}</head>`);
      const body = head.replace("</body>", `${inBody.join("")}</body>`);
      expect(body).toContain("inline script");
      expect(body).toContain("painted");
      await route.fulfill({ response: answer, body });
    });
    await page.goto("/");
    const blocked = async () => (await violations(page)).map((line) => line.split(" ")[0]);
    await expect
      .poll(async () => new Set(await blocked()))
      .toEqual(new Set(["script-src-elem", "script-src-attr", "base-uri", "style-src-attr"]));
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.injected = 'later script'";
      document.body.append(script);
    });
    expect(await page.evaluate(() => window.injected)).toBeUndefined();
    const color = await page.locator("#painted").evaluate((element) => getComputedStyle(element).color);
    expect(color).not.toBe("rgb(1, 2, 3)");
  });

  test("nobody shows a page in a frame", { tag: "@once" }, async ({ page }) => {
    await page.route("/frame", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><iframe src='/status'></iframe>" }),
    );
    await page.goto("/frame");
    await expect.poll(() => page.frames().length).toBe(2);
    const [, frame] = page.frames();
    await expect.poll(() => frame?.url()).toMatch(/^chrome-error:/);
  });
});
