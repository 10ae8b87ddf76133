-- What the leader told last.
--
-- KEYS: 1 latest, 2 sparks, 3 beat
-- Returns the time in microseconds, what was told when and by whom, every ticker, every sparkline.

local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local beat = redis.call('HMGET', KEYS[3], 'time', 'fence', 'node', 'at', 'venues', 'feeds')
return { now, beat, redis.call('HVALS', KEYS[1]), redis.call('HVALS', KEYS[2]) }
