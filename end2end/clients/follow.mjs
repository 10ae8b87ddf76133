// Follows the news and the prices with the npm package `eventsource`, as its own documentation shows.
// node follow.mjs http://127.0.0.1:3000/api/sse
import { EventSource } from "eventsource";

const stream = new EventSource(process.argv[2]);
stream.addEventListener("news", (event) => {
  const article = JSON.parse(event.data);
  console.log(`news ${article.source}: ${article.title}`);
});
stream.addEventListener("price", (event) => {
  const { symbol, price } = JSON.parse(event.data);
  console.log(`price ${symbol} ${price}`);
});
stream.addEventListener("error", (event) => console.error(`error ${event.code ?? ""} ${event.message ?? ""}`));
