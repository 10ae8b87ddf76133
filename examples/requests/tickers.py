import json
import os
import requests
import sseclient  # pip install requests sseclient-py

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
answer = requests.get(f"{server}/api/realtime?symbols=BTC,ETH&maxHz=1", stream=True, timeout=(5, 60))
answer.raise_for_status()
for event in sseclient.SSEClient(answer).events():
    message = json.loads(event.data)
    if message["type"] == "ticker":
        ticker = message["data"]
        print(ticker["symbol"], ticker["price"], ticker["freshness"], ticker["sources"], flush=True)
