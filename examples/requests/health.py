import os
import requests  # pip install requests

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
health = requests.get(f"{server}/health", timeout=10).json()
print(health["status"], "for", health["uptime"])
for venue, state in health["dependencies"]["venues"].items():
    print(venue, state["status"], state["reconnects"])
