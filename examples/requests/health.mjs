const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const { status, uptime, dependencies } = await (await fetch(`${server}/health`)).json();
console.log(status, "for", uptime);
for (const [venue, { status, reconnects }] of Object.entries(dependencies.venues)) console.log(venue, status, reconnects);
