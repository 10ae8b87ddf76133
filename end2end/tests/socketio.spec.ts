import { Follower } from "../fixture/follower";
import { Server } from "../fixture/server";
import { expect, test } from "../fixture/test";

/** Programs that use a client of the public registries as its own documentation shows. */
const CLIENTS = [
  { name: "npm socket.io-client", command: [process.execPath, "clients/follow_socketio.mjs"] },
  { name: "python-socketio[client]", command: ["python3", "clients/follow_socketio.py"] },
  { name: "python-socketio[asyncio_client]", command: ["python3", "clients/follow_socketio_async.py"] },
] as const;

/** As the client has it, and each alone. */
const TRANSPORTS = [[], ["polling"], ["websocket"]] as const;

async function prices(follower: Follower): Promise<void> {
  for (const pair of ["BTCUSDT", "ETHUSDT"]) {
    await follower.says(`price_update ${pair} `, follower.count(`price_update ${pair} `) + 2);
  }
}

for (const { name, command } of CLIENTS) {
  for (const transports of TRANSPORTS) {
    test(`${name} follows prices by ${transports[0] ?? "what it finds"} @once`, async ({ server }) => {
      const follower = new Follower(command, server.url, ...transports);
      try {
        await follower.says("connected ");
        await follower.says("subscribed BTCUSDT ETHUSDT: Subscribed to 2 symbols");
        await follower.says("subscribe_error NOPEUSDT: ");
        await prices(follower);
        if (transports.length === 0) {
          await expect.poll(() => follower.lines.filter((line) => /^(upgrade|transport) websocket$/.test(line))).toHaveLength(1);
        }
        expect(follower.lines.find((line) => line.startsWith("price_update BTCUSDT "))).toMatch(
          /^price_update BTCUSDT \d+(\.\d+)? -?\d+(\.\d+)?(e-?\d+)? live$/,
        );
        expect(follower.lines.filter((line) => /^(disconnect|connect_error|stream_error|Traceback)/.test(line))).toEqual([]);
      } finally {
        await follower.end();
      }
    });
  }

  test(`${name} is told of a restart and comes back @once`, async () => {
    const server = await Server.start();
    const follower = new Follower(command, server.url);
    try {
      await prices(follower);
      await server.stop();
      await follower.says("stream_error going_down: ");
      await follower.says("disconnect transport ");
      const connected = follower.count("connected ");
      await server.start();
      await follower.says("connected ", connected);
      await prices(follower);
    } finally {
      await follower.end();
      await server.kill();
    }
  });
}

test("sessions are counted while they live @once", async () => {
  // Sessions of other tests, which were killed, are counted until their pings were not answered for a while.
  const server = await Server.start();
  const stats = async () => ((await (await fetch(`${server.url}/stats`)).json()) as { data: Stats }).data;
  const follower = new Follower(CLIENTS[0].command, server.url, "websocket");
  try {
    await prices(follower);
    const { active_streams, subscriptions_by_symbol } = await stats();
    expect([active_streams, subscriptions_by_symbol["BTCUSDT"]]).toEqual([1, 1]);
    await follower.end();
    await expect.poll(async () => (await stats()).active_streams).toBe(0);
  } finally {
    await follower.end();
    await server.kill();
  }
});

interface Stats {
  active_streams: number;
  subscriptions_by_symbol: Record<string, number>;
}
