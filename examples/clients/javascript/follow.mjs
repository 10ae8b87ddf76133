// Follows a backtest until it ends. The client reconnects by itself, and says where it was.
//
//   npm install
//   node follow.mjs http://127.0.0.1:3000 momentum-3
import { EventSource } from "eventsource";

const [server, backtest] = process.argv.slice(2);
const stream = new EventSource(`${server}/api/v1/sse/backtest?client_id=javascript-example`);

/** Every event carries its name, its data and its time. */
const on = (name, listen) => stream.addEventListener(name, (event) => listen(JSON.parse(event.data).data));

on("connected", ({ client_id }) => console.log(`connected as ${client_id}`));
on("gap", ({ from, reason }) => console.log(`missed what came after ${from}: ${reason}`));
on("backtest_progress", ({ backtest_id, progress, status, message }) => {
  if (backtest_id !== backtest) return;
  console.log(`progress ${progress} ${status} ${message}`);
  if (status === "completed" || status === "failed") stream.close();
});
stream.addEventListener("error", (event) => console.error(`reconnecting ${event.code ?? ""} ${event.message ?? ""}`));
