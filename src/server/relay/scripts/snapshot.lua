-- What the leader told last: of the symbols that are named, or of all, with their sparklines.
--
-- KEYS: 1 latest, 2 sparks, 3 beat
-- ARGV: symbols
-- Returns the time in microseconds, what was told when and by whom, every ticker, every sparkline.

local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local beat = redis.call('HMGET', KEYS[3], 'time', 'fence', 'node', 'at', 'venues', 'feeds')
if #ARGV > 0 then
    local known = {}
    for i = 1, #ARGV do
        known[#known + 1] = redis.call('HGET', KEYS[1], ARGV[i]) or nil
    end
    return { now, beat, known, {} }
end
return { now, beat, redis.call('HVALS', KEYS[1]), redis.call('HVALS', KEYS[2]) }
