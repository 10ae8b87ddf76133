import { io } from "socket.io-client"; // npm install socket.io-client

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const socket = io(server);
socket.on("connect", () => socket.emit("subscribe", { symbols: ["BTCUSDT", "ETHUSDT"] }));
socket.on("price_update", ({ symbol, price, freshness }) => console.log(symbol, price, freshness));
socket.on("subscribe_error", ({ symbols, message }) => console.log("not followed", symbols.join(" "), message));
socket.on("stream_error", ({ code, message }) => console.log(code, message));
