import { EventSource } from "eventsource"; // npm install eventsource; browsers have it

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
// It reconnects by itself, with the id of the last event: nothing is lost.
const stream = new EventSource(`${server}/api/sse`);
stream.addEventListener("price", (event) => {
  const { symbol, price } = JSON.parse(event.data);
  console.log("price", symbol, price);
});
for (const name of ["news", "breaking"]) {
  stream.addEventListener(name, (event) => {
    const { source, title } = JSON.parse(event.data);
    console.log(name, source, title);
  });
}
stream.addEventListener("gap", (event) => console.log("lost", event.data));
