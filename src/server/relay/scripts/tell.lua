-- The leader tells of prices: keeps the newest of each symbol, and sends what is new to every node.
--
-- KEYS: 1 fence, 2 latest, 3 sparks, 4 beat
-- ARGV: 1 fence, 2 channel of prices, 3 the message up to its tickers, 4 count of tickers, then symbol and ticker of
--       each, then count of sparklines, then symbol and sparkline of each, then count of symbols that are still
--       followed (0: not said) and these, then names and values for the beat
-- Returns 1, or 0 where another leads.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
local at = 4
local function take(key)
    local count = tonumber(ARGV[at])
    local bodies = {}
    at = at + 1
    for _ = 1, count do
        redis.call('HSET', key, ARGV[at], ARGV[at + 1])
        bodies[#bodies + 1] = ARGV[at + 1]
        at = at + 2
    end
    return table.concat(bodies, ',')
end
local tickers = take(KEYS[2])
local sparks = take(KEYS[3])
local followed = tonumber(ARGV[at])
at = at + 1
if followed > 0 then
    local still = {}
    for i = at, at + followed - 1 do
        still[ARGV[i]] = true
    end
    for _, symbol in ipairs(redis.call('HKEYS', KEYS[2])) do
        if not still[symbol] then
            redis.call('HDEL', KEYS[2], symbol)
            redis.call('HDEL', KEYS[3], symbol)
        end
    end
    at = at + followed
end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
redis.call('HSET', KEYS[4], 'time', now, 'fence', ARGV[1])
for i = at, #ARGV - 1, 2 do
    redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
end
for i = 2, 4 do
    redis.call('EXPIRE', KEYS[i], 86400)
end
redis.call('PUBLISH', ARGV[2], ARGV[3] .. '"tickers":[' .. tickers .. '],"sparks":[' .. sparks .. ']}')
return 1
