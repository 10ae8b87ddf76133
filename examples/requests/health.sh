curl "${MARKET_PULSE_URL:-http://127.0.0.1:3000}/health"
