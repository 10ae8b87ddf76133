import json
import os
import requests
import sseclient  # pip install requests sseclient-py

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['MARKET_PULSE_TOKEN']}"
path = "/notifications/python"

# It may be left of a run that was broken off.
session.delete(f"{server}/api/v1/channels", params={"path": path}, timeout=10)
created = session.post(f"{server}/api/v1/channels", json={"path": path}, timeout=10)
created.raise_for_status()
stream = server + created.json()["data"]["stream"]
with requests.get(stream, stream=True, timeout=(5, 60)) as reader:
    session.post(stream, json={"text": "hello"}, timeout=10).raise_for_status()
    for event in sseclient.SSEClient(reader).events():
        print("heard", json.loads(event.data)["text"])
        break
session.delete(f"{server}/api/v1/channels", params={"path": path}, timeout=10).raise_for_status()
print("removed", path)
