server="${MARKET_PULSE_URL:-http://127.0.0.1:3000}"
# A channel may be left of a run that was broken off.
curl -s -o /dev/null -X DELETE "$server/api/v1/channels?path=/notifications/curl" -H "Authorization: Bearer $MARKET_PULSE_TOKEN"
# Create a channel, tell something on it, remove it again. Who listens: curl -N "$server/streams/notifications/curl"
curl "$server/api/v1/channels" -H "Authorization: Bearer $MARKET_PULSE_TOKEN" -d '{"path":"/notifications/curl"}'
curl "$server/streams/notifications/curl" -H "Authorization: Bearer $MARKET_PULSE_TOKEN" -d '{"text":"hello"}'
curl -X DELETE "$server/api/v1/channels?path=/notifications/curl" -H "Authorization: Bearer $MARKET_PULSE_TOKEN"
