-- A node says that it is there, takes or renews the lease where it may, and hears how things stand.
--
-- KEYS: 1 lease, 2 fence, 3 nodes, 4 log, 5 editions
-- ARGV: 1 node, 2 length of the lease in ms, 3 whether the node would lead ("0" no, "1" where nobody is there who
--       fetches news, "2" yes), 4 where its log started ("0": it keeps
--       none), 5 after which entry it still has everything, 6 its last entry, 7 the run of this Redis, 8 microseconds
--       until those who are there are thought to be all, 9 microseconds until a silent node is thought to be gone
-- Returns the leader ("" for none), the highest fence, start and end of the shared log ("0" for none), and whether it
-- may be written.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local node, run = ARGV[1], ARGV[7]
local first, last = tonumber(ARGV[4]), tonumber(ARGV[6])
-- Entries that it has.
local held = last - tonumber(ARGV[5])

-- Lua would write large numbers with an exponent.
local function whole(number)
    return string.format('%.0f', number)
end

-- Who is there, since when without a break, and what they have of the log. A Redis that was started anew knows nobody.
local since = now
local others = {}
-- Somebody else is there who would lead and fetch news, too.
local better = false
local entries = redis.call('HGETALL', KEYS[3])
for i = 1, #entries, 2 do
    local from, seen, started, after, upto, wish, known =
        string.match(entries[i + 1], '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d) (.*)$')
    if not from or known ~= run or math.abs(now - tonumber(seen)) > tonumber(ARGV[9]) then
        redis.call('HDEL', KEYS[3], entries[i])
    elseif entries[i] == node then
        since = tonumber(from)
    else
        upto = tonumber(upto)
        others[#others + 1] =
            { node = entries[i], first = tonumber(started), last = upto, held = upto - tonumber(after) }
        if wish == '2' then
            better = true
        end
    end
end
local line = table.concat({ whole(since), whole(now), ARGV[4], ARGV[5], ARGV[6], ARGV[3], run }, ' ')
redis.call('HSET', KEYS[3], node, line)
local settled = now - since >= tonumber(ARGV[8])

-- The lease. The fence grows with every leader, also where an older state of this Redis came back: it is at least the
-- microseconds of the clock.
local would = ARGV[3] == '2' or (ARGV[3] == '1' and not better)
local owner = redis.call('GET', KEYS[1])
local fence = tonumber(redis.call('GET', KEYS[2]) or '0')
if owner == node and not would then
    redis.call('DEL', KEYS[1])
    owner = false
elseif owner == node and fence > 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif (not owner or owner == node) and would then
    fence = math.max(fence + 1, now)
    redis.call('SET', KEYS[2], whole(fence))
    redis.call('SET', KEYS[1], node, 'PX', ARGV[2])
    owner = node
end

-- The log. Where there is none, that of which most is there becomes that of all. What others have beyond it they give
-- back; what they have before it would be lost.
local log = redis.call('HMGET', KEYS[4], 'first', 'tip', 'run')
if not log[1] and first > 0 and settled then
    local mine = true
    for _, other in ipairs(others) do
        if other.first > 0 and (other.held > held or (other.held == held and other.node < node)) then
            mine = false
        end
    end
    if mine then
        redis.call('DEL', KEYS[4], KEYS[5])
        redis.call('HSET', KEYS[4], 'first', ARGV[4], 'tip', ARGV[5])
        log = { ARGV[4], ARGV[5], false }
    end
end

-- A Redis that was started anew may have forgotten the end of the log. It is written again when nobody who is there
-- knows more, or does not come out with it.
if owner == node and log[1] and log[3] ~= run and settled then
    local started, tip = tonumber(log[1]), tonumber(log[2])
    local complete = first ~= started or last <= tip
    for _, other in ipairs(others) do
        if other.first == started and other.last > tip then
            complete = false
        end
    end
    if complete or now - since >= 5 * tonumber(ARGV[8]) then
        redis.call('HSET', KEYS[4], 'run', run)
        log[3] = run
    end
end

return { owner or '', whole(fence), log[1] or '0', log[2] or '0', log[3] == run and 1 or 0 }
