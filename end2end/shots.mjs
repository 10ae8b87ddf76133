import { chromium } from "@playwright/test";
const pages = (process.argv[2] ?? "/,/news").split(",");
const sizes = (process.argv[3] ?? "1440x1400").split(",");
const themes = (process.argv[4] ?? "dark").split(",");
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const theme of themes) for (const size of sizes) for (const p of pages) {
  const [w, h] = size.split("x").map(Number);
  const c = await b.newContext({ viewport: { width: w, height: h }, colorScheme: theme });
  const g = await c.newPage();
  g.on("console", (m) => { if (["error", "warning"].includes(m.type())) console.log(p, m.text().slice(0, 200)); });
  g.on("pageerror", (e) => console.log(p, "thrown", e.message.slice(0, 200)));
  await g.goto("http://127.0.0.1:3000" + p);
  await g.waitForTimeout(2500);
  const over = await g.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) console.log("sideways", p, size, over);
  await g.screenshot({ path: `/tmp/shots/${p.replace(/[^a-z0-9]/gi, "_")}-${size}-${theme}.png`, fullPage: process.argv[5] === "full" });
  await c.close();
}
await b.close();
