import os
import requests  # pip install requests

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
data = {"task_id": "lstm-7", "progress": 45.5, "status": "running", "metrics": {"loss": 0.31}}
answer = requests.post(
    f"{server}/api/v1/channels/training/events",
    headers={"Authorization": f"Bearer {os.environ['MARKET_PULSE_TOKEN']}"},
    json={"event": "training_progress", "data": data},
    timeout=10,
)
answer.raise_for_status()
published = answer.json()["data"]
print("published", published["channel"], published["id"])
