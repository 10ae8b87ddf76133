import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { certificate } from "../fixture/certificate";
import { role } from "../fixture/nodes";
import { Redis } from "../fixture/redis";
import { Server } from "../fixture/server";

test("nodes meet over TLS where they trust the certificate, and say so where they do not @once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "market-pulse-tls-"));
  certificate(folder, "redis.example.org");
  const redis = await Redis.withTls(folder);
  const node = (trusted: string) =>
    Server.start({ settings: { MARKET_PULSE__REDIS__URL: redis.secureUrl, SSL_CERT_FILE: trusted, SSL_CERT_DIR: "" } });
  const servers: Server[] = [];
  try {
    servers.push(await node(join(folder, "site.pem")));
    servers.push(await node(join(folder, "site.pem")));
    const roles = async () => (await Promise.all(servers.map(role))).map((words) => words.split(" ")[0]).sort();
    await expect.poll(roles, { timeout: 20_000 }).toEqual(["follower", "leader"]);

    // None at all, as on a machine without a store of certificates.
    const stranger = await node("/dev/null");
    servers.push(stranger);
    await expect
      .poll(() => role(stranger), { timeout: 20_000 })
      .toBe("alone: Redis can't be reached by TLS: it does not speak it, or its certificate is not trusted here");
    await expect.poll(async () => (await stranger.ticker("BTC")).freshness, { timeout: 20_000 }).toBe("live");
  } finally {
    for (const server of servers) await server.kill();
    await redis.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
