curl "${MARKET_PULSE_URL:-http://127.0.0.1:3000}/api/v1/channels/training/events" \
  -H "Authorization: Bearer $MARKET_PULSE_TOKEN" \
  -d '{"event":"training_progress","data":{"task_id":"lstm-7","progress":45.5,"status":"running","metrics":{"loss":0.31}}}'
