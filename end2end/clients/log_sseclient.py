"""Follows the news with the package sseclient-py, and prints what comes: one line of JSON an event.

python3 log_sseclient.py https://127.0.0.1:3000/api/sse
"""

import json
import sys
import time

import requests
import sseclient


def events(url):
    """Over as many connections as it takes: the package leaves coming back to those who use it."""
    last_id = None
    retry_ms = 2000
    while True:
        headers = {"Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        try:
            # The server says something every 30 seconds: longer silence is a dead connection.
            answer = requests.get(url, headers=headers, stream=True, timeout=(5, 45))
            answer.raise_for_status()
            for event in sseclient.SSEClient(answer).events():
                last_id = event.id or last_id
                retry_ms = event.retry or retry_ms
                yield event
        except requests.RequestException as error:
            print(type(error).__name__, file=sys.stderr, flush=True)
        time.sleep(int(retry_ms) / 1000)


for event in events(sys.argv[1]):
    if event.event not in ("price", "heartbeat"):
        title = json.loads(event.data).get("title", "")
        print(json.dumps({"stream": 0, "kind": event.event, "id": event.id or "", "title": title}), flush=True)
