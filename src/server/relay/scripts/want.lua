-- A node says which symbols its readers want beside the configured ones, and hears what those of all nodes want.
--
-- KEYS: 1 wanted
-- ARGV: 1 how long a wish lasts in ms, 2 most symbols in all, 3 channel of calls, then symbols
-- Returns every symbol that is wanted.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- A clock that was set back leaves none that lasts for ever.
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', now + tonumber(ARGV[1])), '+inf')
local grew = false
for i = 4, #ARGV do
    local known = redis.call('ZSCORE', KEYS[1], ARGV[i])
    if known or redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
        redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), ARGV[i])
        grew = grew or not known
    end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if grew then
    redis.call('PUBLISH', ARGV[3], 'wanted')
end
return redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1)
