import { EventSource } from "eventsource"; // npm install eventsource; browsers have it

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const stream = new EventSource(`${server}/api/realtime?symbols=BTC,ETH&maxHz=1`);
stream.onmessage = (event) => {
  const { type, data } = JSON.parse(event.data);
  if (type === "ticker") console.log(data.symbol, data.price, data.freshness, data.sources);
};
