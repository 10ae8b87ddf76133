import os
import socketio  # pip install "python-socketio[client]"

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")
socket = socketio.Client()


@socket.event
def connect():
    socket.emit("subscribe", {"symbols": ["BTCUSDT", "ETHUSDT"]})


@socket.event
def price_update(data):
    print(data["symbol"], data["price"], data["freshness"], flush=True)


socket.connect(server)
socket.wait()
