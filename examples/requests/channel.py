import json
import os
import requests
import sseclient  # pip install requests sseclient-py

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
address = f"{server}/api/v1/sse/training?client_id=my-dashboard"
answer = requests.get(address, stream=True, timeout=(5, 60))
answer.raise_for_status()
for event in sseclient.SSEClient(answer).events():
    if event.event == "connected":
        print("connected", flush=True)
    elif event.event == "training_progress":
        data = json.loads(event.data)["data"]
        print("progress", data["task_id"], data["progress"], data["status"], flush=True)
