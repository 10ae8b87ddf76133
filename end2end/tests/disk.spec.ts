import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "../fixture/server";
import { expect, OUTLETS, invented, test } from "../fixture/news";

interface Health {
  status: string;
  dependencies: { storage: { status: string; message: string } };
}

const health = async (server: Server): Promise<Health> =>
  (await (await fetch(`${server.url}/health`)).json()) as Health;

test("on a full disk prices go on, the reason is told, and no news is lost @once", async () => {
  test.setTimeout(180_000);
  const folder = await mkdtemp(join(tmpdir(), "market-pulse-disk-"));
  const server = await Server.start({ news: "a day of it", dataDir: folder, fileLimitKiB: 2048 });
  try {
    const filler = invented();
    for (let n = 0; n < 60; n += 1) {
      const description = `${filler} `.repeat(50);
      await server.publish({ source: OUTLETS[n % 2] ?? "", title: `${invented()} and ${invented()} meet`, description, count: 10 });
      if ((await health(server)).dependencies.storage.status !== "ok") break;
    }
    await expect.poll(async () => (await health(server)).dependencies.storage.status, { timeout: 30_000 }).not.toBe("ok");
    const told = await health(server);
    expect(told.status).toBe("degraded");
    expect(told.dependencies.storage.message).toMatch(/disk|written/);

    const before = (await server.ticker("BTC")).price;
    await expect.poll(async () => (await server.ticker("BTC")).price, { message: "prices go on" }).not.toBe(before);
    const status = await (await fetch(`${server.url}/status`)).text();
    expect(status, "the status page says why").toContain(told.dependencies.storage.message);

    const late = `${invented()} opens while the disk is full`;
    await server.publish({ source: OUTLETS[2], title: late });
    server.makeRoom();
    await expect.poll(async () => (await health(server)).dependencies.storage.status, { timeout: 60_000 }).toBe("ok");
    await server.story(late.split(" ")[0] ?? "");
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
