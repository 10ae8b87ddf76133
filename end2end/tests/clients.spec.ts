import { Follower } from "../fixture/follower";
import { expect, OUTLETS, invented, test } from "../fixture/news";

/** Programs that use a client of the public registries as its own documentation shows. */
const CLIENTS = [
  { name: "npm eventsource", command: [process.execPath, "clients/follow.mjs"] },
  { name: "sseclient-py", command: ["python3", "clients/follow_sseclient.py"] },
  { name: "aiohttp-sse-client", command: ["python3", "clients/follow_aiohttp.py"] },
] as const;

for (const { name, command } of CLIENTS) {
  test(`${name} prints titles, sources and prices @once`, async ({ server }) => {
    const follower = new Follower(command, `${server.url}/api/sse`);
    try {
      await follower.says("price BTC ");
      const title = `${invented()} Bank opens a vault in Lisbon`;
      await server.publish({ source: OUTLETS[0], title });
      await expect
        .poll(() => follower.lines.find((line) => line.startsWith("news ") && line.endsWith(`: ${title}`)), { timeout: 20_000 })
        .toMatch(/^news [A-Z].+: /);
      expect(follower.lines.filter((line) => line.includes(title)), "once").toHaveLength(1);
    } finally {
      await follower.end();
    }
  });
}
