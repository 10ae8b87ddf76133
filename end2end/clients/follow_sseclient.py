"""Follows the news and the prices with the package sseclient-py, as its own documentation shows.

python3 follow_sseclient.py http://127.0.0.1:3000/api/sse
"""

import json
import sys

import requests
import sseclient

answer = requests.get(sys.argv[1], stream=True, headers={"Accept": "text/event-stream"}, timeout=60)
for event in sseclient.SSEClient(answer).events():
    if event.event == "news":
        article = json.loads(event.data)
        print(f"news {article['source']}: {article['title']}", flush=True)
    elif event.event == "price":
        price = json.loads(event.data)
        print(f"price {price['symbol']} {price['price']}", flush=True)
