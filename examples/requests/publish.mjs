const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const data = { task_id: "lstm-7", progress: 45.5, status: "running", metrics: { loss: 0.31 } };
const answer = await fetch(`${server}/api/v1/channels/training/events`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.MARKET_PULSE_TOKEN}` },
  body: JSON.stringify({ event: "training_progress", data }),
});
const body = await answer.json();
if (!answer.ok) throw new Error(body.error.message);
console.log("published", body.data.channel, body.data.id);
