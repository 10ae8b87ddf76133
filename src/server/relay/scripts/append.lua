-- The leader appends an edition to the shared log.
--
-- KEYS: 1 fence, 2 log, 3 editions, 4 feeds
-- ARGV: 1 fence, 2 the run of this Redis, 3 a name for this attempt, 4 the entry that it follows, 5 its last entry,
--       6 the edition ("" for none), 7 most editions that are kept, 8 channel of calls, then key and record of feeds
-- Returns "kept", or why not: "fenced" (another leads), "settling" (nobody writes yet), "behind" (there is more).

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 'fenced'
end
for i = 9, #ARGV - 1, 2 do
    redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
end
if ARGV[6] == '' then
    return 'kept'
end
local log = redis.call('HMGET', KEYS[2], 'tip', 'run', 'attempt', 'aside')
if log[3] == ARGV[3] then
    -- The answer to this attempt was lost.
    return 'kept'
end
if log[2] ~= ARGV[2] then
    return 'settling'
end
if log[1] ~= ARGV[4] then
    return 'behind'
end
-- An edition without entries stands beside the last one with entries.
local aside = 0
if ARGV[4] == ARGV[5] then
    aside = tonumber(log[4] or '0') + 1
end
redis.call('XADD', KEYS[3], ARGV[5] .. '-' .. aside, 'edition', ARGV[6])
redis.call('HSET', KEYS[2], 'tip', ARGV[5], 'attempt', ARGV[3], 'aside', aside)
-- By their number alone: what this leader still has says nothing of what others need.
redis.call('XTRIM', KEYS[3], 'MAXLEN', '~', ARGV[7])
redis.call('PUBLISH', ARGV[8], 'news')
return 'kept'
