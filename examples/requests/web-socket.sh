# What there is to subscribe to. A socket itself is for programs: see the other languages.
curl "${MARKET_PULSE_URL:-http://127.0.0.1:3000}/api/ws"
