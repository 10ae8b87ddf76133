"""Follows a training job until it ends. Goes on where it was when the connection is lost.

    pip install -r requirements.txt
    python3 follow_training.py http://127.0.0.1:3000 resnet-7
"""

import json
import sys
import time

import requests
import sseclient


def events(url):
    """Events, each once and in order, over as many connections as it takes."""
    last_id = None
    while True:
        headers = {"Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        try:
            # The server says something every 30 seconds: longer silence is a dead connection.
            answer = requests.get(url, params={"client_id": "python-example"}, headers=headers, stream=True, timeout=(5, 45))
            answer.raise_for_status()
            for event in sseclient.SSEClient(answer).events():
                last_id = event.id or last_id
                yield event.event, json.loads(event.data)["data"]
        except requests.RequestException as error:
            print(f"reconnecting {type(error).__name__}", file=sys.stderr, flush=True)
        time.sleep(1)


def main(server, task):
    for name, data in events(f"{server}/api/v1/sse/training"):
        if name == "connected":
            print(f"connected as {data['client_id']}", flush=True)
        elif name == "gap":
            print(f"missed what came after {data['from']}: {data['reason']}", flush=True)
        elif name == "training_progress" and data["task_id"] == task:
            print(f"progress {data['progress']:g} {data['status']} {data.get('message', '')}", flush=True)
            if data["status"] in ("completed", "failed"):
                return


main(*sys.argv[1:3])
