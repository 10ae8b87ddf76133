import json
import os
import time
import requests
import sseclient  # pip install requests sseclient-py

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
last_id = None
while True:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    try:
        answer = requests.get(f"{server}/api/sse", stream=True, headers=headers, timeout=(5, 60))
        for event in sseclient.SSEClient(answer).events():
            last_id = event.id or last_id
            data = json.loads(event.data)
            if event.event == "price":
                print("price", data["symbol"], data["price"], flush=True)
            elif event.event in ("news", "breaking"):
                print(event.event, data["source"], data["title"], flush=True)
            elif event.event == "gap":
                print("lost", data["from"], data["to"], flush=True)
    except requests.RequestException as error:
        print("again:", error, flush=True)
    time.sleep(2)
