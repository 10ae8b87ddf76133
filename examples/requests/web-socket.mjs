import WebSocket from "ws"; // npm install ws; browsers have it

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const socket = new WebSocket(`${server.replace(/^http/, "ws")}/api/ws`, "market-pulse.v1");
let lastEventId; // to go on after a disconnection
socket.onopen = () => {
  socket.send(JSON.stringify({ op: "subscribe", channels: ["ticker:BTC", "news"], lastEventId }));
};
socket.onmessage = (message) => {
  const { type, id, data } = JSON.parse(message.data);
  lastEventId = id ?? lastEventId;
  if (type === "subscribed") console.log("subscribed", data.channels.join(" "));
  if (type === "ticker") console.log("ticker", data.symbol, data.price, data.freshness);
  if (type === "news") console.log("news", data.source, data.title);
  if (type === "error") console.log("error", data.code, data.message);
};
socket.onclose = ({ code, reason }) => console.log("closed", code, String(reason));
