// Follows the news with the npm package `eventsource` on so many streams, and prints what comes: one line of JSON an event.
// node log_eventsource.mjs https://127.0.0.1:3000/api/sse 8
import { EventSource } from "eventsource";

const KINDS = ["connected", "news", "story_update", "breaking", "breaking_update", "gap", "stream_error"];

const [url, count = "1"] = process.argv.slice(2);
for (let stream = 0; stream < Number(count); stream += 1) {
  const source = new EventSource(url);
  for (const kind of KINDS) {
    source.addEventListener(kind, ({ data, lastEventId }) => {
      console.log(JSON.stringify({ stream, kind, id: lastEventId, title: JSON.parse(data).title ?? "" }));
    });
  }
  source.addEventListener("error", ({ code, message }) => {
    // By itself it comes back from everything but an answer that is none.
    const kind = source.readyState === source.CLOSED ? "closed" : "away";
    console.log(JSON.stringify({ stream, kind, id: "", title: `${code} ${message}` }));
  });
}
