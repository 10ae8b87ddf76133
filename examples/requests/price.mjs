const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const answer = await fetch(`${server}/price/BTC`);
const { data } = await answer.json();
console.log(data.symbol, data.price, data.freshness);
