import os
import requests  # pip install requests

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
answer = requests.get(f"{server}/api/news", params={"limit": 5}, timeout=10).json()
print(answer["totalCount"], "articles")
for article in answer["articles"]:
    print(f"{article['timeAgo']}, {article['source']}: {article['title']}")
