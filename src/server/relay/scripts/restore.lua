-- A node gives back what this Redis has forgotten of the shared log, or has never had.
--
-- KEYS: 1 log, 2 editions
-- ARGV: 1 where the log started, 2 the entry that this follows, 3 its last entry, 4 the edition, 5 most editions that
--       are kept, 6 channel of calls
-- Returns 1, or 0 where the log is another one or ends elsewhere.

local log = redis.call('HMGET', KEYS[1], 'first', 'tip')
if log[1] ~= ARGV[1] or log[2] ~= ARGV[2] then
    return 0
end
redis.call('XADD', KEYS[2], ARGV[3] .. '-0', 'edition', ARGV[4])
redis.call('HSET', KEYS[1], 'tip', ARGV[3], 'attempt', '', 'aside', 0)
redis.call('XTRIM', KEYS[2], 'MAXLEN', '~', ARGV[5])
redis.call('PUBLISH', ARGV[6], 'news')
return 1
