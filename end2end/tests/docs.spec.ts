import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import AxeBuilder from "@axe-core/playwright";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { rememberTheme, THEMES } from "../fixture/page";
import { isGone } from "../fixture/process";
import { Server } from "../fixture/server";
import { expect, test } from "../fixture/test";

const EXAMPLES = resolve("../examples/requests");
/** Each language, and what runs it. */
const LANGUAGES: Record<string, string> = { sh: "bash", mjs: process.execPath, py: "python3" };
/** What each example prints, in every language. */
const PRINTS: Record<string, RegExp> = {
  price: /BTCUSDT\W/,
  tickers: /"symbol":"ETH"|ETH [\d.]+ live/,
  events: /"symbol":"BTC"|price BTC [\d.]+/,
  channel: /event: connected|^connected/m,
  publish: /"channel":"training"|published training \d+/,
  created: /"removed":true|removed \/notifications\/\w+/,
  "web-socket": /market-pulse\.v1|ticker BTC [\d.]+/,
  "socket-io": /"pingInterval"|BTCUSDT [\d.]+/,
  news: /totalCount|articles/,
  health: /healthy|degraded/,
};
const WIDTHS = [320, 390, 768, 1000, 1440, 3840];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface Document {
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, object> };
}

const description = async (url: string): Promise<Document> => (await fetch(`${url}/api/openapi.json`)).json() as Promise<Document>;

/** Checks values against the shapes of a description. */
class Shapes {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: Document) {
    (formats as unknown as (ajv: Ajv2020) => void)(this.ajv);
    // How a number is kept says nothing about its text.
    for (const name of ["int32", "int64", "float", "double"]) this.ajv.addFormat(name, true);
    this.ajv.addSchema({ components: document.components }, "api");
  }

  /** What is wrong with a value; empty where nothing is. */
  faults(schema: object, value: unknown): string {
    const own = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')) as object;
    return this.ajv.validate(own, value) ? "" : this.ajv.errorsText();
  }
}

test("the description is valid OpenAPI 3.1, and its examples are of their shapes", { tag: "@once" }, async ({ server }) => {
  const document = await description(server.url);
  const { valid, errors } = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect(errors ?? [], "what a public validator finds").toEqual([]);
  expect(valid).toBe(true);

  const shapes = new Shapes(document);
  let examples = 0;
  const look = (json: Json, place: string): void => {
    if (json === null || typeof json !== "object") return;
    if (!Array.isArray(json)) {
      const { schema, example, examples: named } = json;
      const all = Object.entries((named ?? {}) as Record<string, { value: Json }>).map(([, { value }]) => value);
      if (schema && typeof schema === "object") {
        for (const value of example === undefined ? all : [example, ...all]) {
          examples += 1;
          expect.soft(shapes.faults(schema, value), `${place}: ${JSON.stringify(value)}`).toBe("");
        }
      }
    }
    for (const [name, value] of Object.entries(json)) look(value, `${place}/${name}`);
  };
  look(document as unknown as Json, "");
  expect(examples).toBeGreaterThan(100);
});

test("what the server answers has the shape that is described", { tag: "@once" }, async ({ server }) => {
  const document = await description(server.url);
  const shapes = new Shapes(document);
  const address: Record<string, string> = { "/price/{symbol}": "/price/BTC" };
  let asked = 0;
  for (const [path, item] of Object.entries(document.paths)) {
    const answer = item["get"]?.responses["200"] as { content?: Record<string, { schema: object }> } | undefined;
    const schema = answer?.content?.["application/json"]?.schema;
    if (!schema) continue;
    const response = await fetch(server.url + (address[path] ?? path));
    expect.soft(response.status, path).toBe(200);
    expect.soft(shapes.faults(schema, await response.json()), path).toBe("");
    asked += 1;
  }
  expect(asked).toBeGreaterThan(10);
});

test("what comes on a stream has the shape that is described", { tag: "@once" }, async ({ server }) => {
  const document = await description(server.url);
  const shapes = new Shapes(document);
  const described = (path: string) => {
    const operation = document.paths[path]?.["get"] as unknown as { "x-events": { name: string; schema: object }[] };
    return new Map(operation["x-events"].map(({ name, schema }) => [name, schema]));
  };
  const streams: [string, string, string[]][] = [
    ["/api/realtime", "/api/realtime?symbols=BTC,ETH", ["connected", "ticker"]],
    ["/api/sse", "/api/sse?symbols=BTC", ["connected", "price"]],
    ["/api/v1/sse/{channel}", "/api/v1/sse/dashboard", ["connected", "dashboard_update"]],
  ];
  for (const [path, address, expected] of streams) {
    const known = described(path);
    const seen = new Set<string>();
    const end = new AbortController();
    const response = await fetch(server.url + address, { signal: end.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!expected.every((name) => seen.has(name))) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${path} ended`);
      text += value;
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const line = (name: string) => event.split("\n").find((line) => line.startsWith(name))?.slice(name.length).trim();
        const data = line("data:");
        if (data === undefined) continue;
        const value = JSON.parse(data) as { type?: string };
        const name = line("event:") ?? value.type ?? "";
        const schema = known.get(name);
        expect(schema, `${path}: ${name} is described`).toBeDefined();
        expect(shapes.faults(schema ?? {}, value), `${path}: ${name}`).toBe("");
        seen.add(name);
      }
    }
    end.abort();
  }
});

/** A running example. */
class Example {
  output = "";
  private readonly process: ChildProcess;

  constructor(file: string, server: string, token: string) {
    const program = LANGUAGES[file.split(".").pop() ?? ""] ?? "";
    const own = { PYTHONPATH: resolve("python"), MARKET_PULSE_URL: server, MARKET_PULSE_TOKEN: token, FORCE_COLOR: "0" };
    const env = { ...process.env, ...own };
    this.process = spawn(program, [join(EXAMPLES, file)], { stdio: ["ignore", "pipe", "pipe"], env, detached: true });
    for (const output of [this.process.stdout, this.process.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => (this.output += `${line}\n`));
    }
  }

  async end(): Promise<void> {
    const { pid } = this.process;
    if (isGone(this.process) || pid === undefined) return;
    const gone = once(this.process, "exit");
    // With what the shell has started.
    process.kill(-pid, "SIGKILL");
    await gone;
  }
}

test.describe("examples", () => {
  let server: Server;
  let folder: string;
  let token: string;

  test.beforeAll(async () => {
    // The examples find their packages beside themselves, as after `npm install`.
    const packages = join(EXAMPLES, "node_modules");
    if (!existsSync(packages)) symlinkSync(resolve("node_modules"), packages);
    folder = await mkdtemp(join(tmpdir(), "market-pulse-docs-"));
    server = await Server.start({ dataDir: folder, news: "a day of it" });
    token = server.token("publish");
  });

  test.afterAll(async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const files = readdirSync(EXAMPLES).filter((file) => /\.(sh|mjs|py)$/.test(file));
  test("there is one of each in every language @once", () => {
    const expected = Object.keys(PRINTS).flatMap((name) => Object.keys(LANGUAGES).map((language) => `${name}.${language}`));
    expect(files.sort()).toEqual(expected.sort());
  });

  for (const file of files) {
    test(`${file} prints what it says @once`, async () => {
      const example = new Example(file, server.url, token);
      try {
        const prints = PRINTS[file.split(".")[0] ?? ""] ?? /never/;
        await expect.poll(() => example.output, { timeout: 20_000 }).toMatch(prints);
      } finally {
        await example.end();
      }
    });
  }
});

test("the page is whole without a script", async ({ page, server }) => {
  const answer = await page.goto("/docs");
  expect(answer?.status()).toBe(200);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe-inline");
  const html = (await answer?.text()) ?? "";
  expect(html).not.toMatch(/<script\b|<style\b|<[a-z][^>]*\s(style|on[a-z]+)=/i);
  await expect(page.locator("h1")).toHaveCount(1);
  for (const landmark of ["banner", "main", "contentinfo"] as const) await expect(page.getByRole(landmark)).toHaveCount(1);

  const document = await description(server.url);
  for (const item of Object.values(document.paths)) {
    for (const { operationId } of Object.values(item)) await expect(page.locator(`#${operationId}`)).toBeVisible();
  }
  // The examples are the files.
  await expect(page.locator("pre", { hasText: "curl -N" }).first()).toBeVisible();
});

test("the page is found from the footer, and its contents lead to each part", async ({ page }, info) => {
  await page.goto("/");
  await page.getByRole("contentinfo").getByRole("link", { name: "API" }).click();
  await expect(page).toHaveURL(/\/docs$/);
  const contents = page.getByRole("navigation", { name: "Contents" });
  if (info.project.name === "phone") await contents.getByText("Contents").click();
  await contents.getByRole("link", { name: "/api/v1/sse/{channel}" }).click();
  await expect(page).toHaveURL(/#channel$/);
  await expect(page.getByRole("heading", { name: "GET /api/v1/sse/{channel}" })).toBeInViewport();
});

test("the page is used with the keys alone", { tag: "@once" }, async ({ page }) => {
  await page.goto("/docs");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  const name = page.locator("summary > code", { hasText: /^ticker$/ });
  const event = page.locator("#realtime details.docs-event").filter({ has: name });
  await event.locator("summary").focus();
  await page.keyboard.press("Enter");
  await expect(event.locator("pre")).toContainText('"changePercent24h"');
});

for (const theme of THEMES) {
  test(`the page in ${theme}: a picture, and axe finds nothing`, async ({ page, server }, info) => {
    // The page is long.
    test.slow();
    await rememberTheme(page, server.url, theme);
    await page.goto("/docs");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    // Everything is opened, so that everything is looked at.
    await page.locator("details").evaluateAll((all) => all.forEach((details) => ((details as HTMLDetailsElement).open = true)));
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target.join(" ")}`).join("\n")}`);
    expect(found).toEqual([]);
    const picture = info.outputPath(`docs-${theme}.png`);
    await page.screenshot({ path: picture });
    await info.attach(`docs, ${theme}, ${info.project.name}`, { path: picture, contentType: "image/png" });
  });
}

test("the page has no sideways scroll at any width", { tag: "@once" }, async ({ page }) => {
  await page.goto("/docs");
  await page.locator("details").evaluateAll((all) => all.forEach((details) => ((details as HTMLDetailsElement).open = true)));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const surplus = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await expect.poll(surplus, { message: `${width} px` }).toBeLessThanOrEqual(0);
  }
});
