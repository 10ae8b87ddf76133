// Follows prices with the npm package `socket.io-client`, as its own documentation shows.
// node follow_socketio.mjs http://127.0.0.1:3000 [transport, …]
import { io } from "socket.io-client";

const [url, ...transports] = process.argv.slice(2);
const socket = io(url, transports.length > 0 ? { transports } : {});
socket.on("connect", () => {
  console.log("connect");
  socket.emit("subscribe", { symbols: ["BTCUSDT", "ETHUSDT", "NOPEUSDT"] });
});
socket.io.engine.on("upgrade", (transport) => console.log(`upgrade ${transport.name}`));
socket.on("connected", ({ message }) => console.log(`connected ${message}`));
socket.on("subscribed", ({ symbols, message }) => console.log(`subscribed ${symbols.join(" ")}: ${message}`));
socket.on("subscribe_error", ({ symbols, message }) => console.log(`subscribe_error ${symbols.join(" ")}: ${message}`));
socket.on("price_update", ({ symbol, price, changePercent, freshness }) =>
  console.log(`price_update ${symbol} ${price} ${changePercent} ${freshness}`),
);
socket.on("stream_error", ({ code, message }) => console.log(`stream_error ${code}: ${message}`));
socket.on("disconnect", (reason) => console.log(`disconnect ${reason}`));
socket.on("connect_error", (error) => console.log(`connect_error ${error.message}`));
