curl -N "${MARKET_PULSE_URL:-http://127.0.0.1:3000}/api/v1/sse/training?client_id=my-dashboard"
