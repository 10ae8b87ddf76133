import { EventSource } from "eventsource"; // npm install eventsource; browsers have it

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
async function ask(method, path, body) {
  const headers = { Authorization: `Bearer ${process.env.MARKET_PULSE_TOKEN}` };
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error.message);
  return json.data;
}

const path = "/notifications/javascript";
// It may be left of a run that was broken off.
await ask("DELETE", `/api/v1/channels?path=${path}`).catch(() => {});
const { stream } = await ask("POST", "/api/v1/channels", { path });
const reader = new EventSource(server + stream);
// Once, however often the stream is opened again.
reader.addEventListener("open", () => ask("POST", stream, { text: "hello" }), { once: true });
reader.onmessage = async (event) => {
  console.log("heard", JSON.parse(event.data).text);
  reader.close();
  await ask("DELETE", `/api/v1/channels?path=${path}`);
  console.log("removed", path);
};
