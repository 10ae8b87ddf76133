import { EventSource } from "eventsource"; // npm install eventsource; browsers have it

const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
// It reconnects by itself, with the id of the last event: nothing is lost.
const stream = new EventSource(`${server}/api/v1/sse/training?client_id=my-dashboard`);
stream.addEventListener("connected", () => console.log("connected"));
stream.addEventListener("training_progress", (event) => {
  const { task_id, progress, status } = JSON.parse(event.data).data;
  console.log("progress", task_id, progress, status);
});
stream.addEventListener("gap", (event) => console.log("lost", event.data));
