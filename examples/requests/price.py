import os
import requests  # pip install requests

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
data = requests.get(f"{server}/price/BTC", timeout=10).json()["data"]
print(data["symbol"], data["price"], data["freshness"])
