# How a session begins. Socket.IO itself is for its libraries: see the other languages.
curl "${MARKET_PULSE_URL:-http://127.0.0.1:3000}/socket.io/?EIO=4&transport=polling"
