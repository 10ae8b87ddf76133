const server = process.env.MARKET_PULSE_URL ?? "http://127.0.0.1:3000";
const answer = await fetch(`${server}/api/news?limit=5`);
const { articles, totalCount } = await answer.json();
console.log(totalCount, "articles");
for (const { timeAgo, source, title } of articles) console.log(`${timeAgo}, ${source}: ${title}`);
