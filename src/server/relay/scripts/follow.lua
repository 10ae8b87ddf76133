-- A node asks for what follows a place in the stream of publications.
--
-- KEYS: 1 state, 2 publications, 3 nodes, 4 those who have met
-- ARGV: 1 the run of this Redis, 2 node, 3 since when this Redis knows of the channels of which it has everything that the
--       node has ("0": it has not), 4 a place,
--       5 most entries, 6 bytes with which the answer ends, 7 microseconds until those who are there are thought to be
--       all, 8 microseconds until a silent node is thought to be gone
-- Returns since when this Redis knows of channels ("0": it knows of none), whether they may be written, its last place in
-- the stream, and entries.

local state = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'position')
if not state[1] then
    return { '0', 0, '0', {} }
end

-- A Redis that was started anew may have forgotten something, and so may those who have met before. It is written again
-- when everybody who is there has given back what was missing, or does not come out with it.
if state[2] ~= ARGV[1] and state[1] == ARGV[3] then
    redis.call('HSET', KEYS[4], ARGV[2], ARGV[1])
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
    local since
    local all = true
    local nodes = redis.call('HGETALL', KEYS[3])
    for i = 1, #nodes, 2 do
        local from, seen, known = string.match(nodes[i + 1], '^(%d+) (%d+) %d+ %d+ %d+ %d (.*)$')
        if from and known == ARGV[1] and math.abs(now - tonumber(seen)) <= tonumber(ARGV[8]) then
            if nodes[i] == ARGV[2] then
                since = tonumber(from)
            elseif redis.call('HGET', KEYS[4], nodes[i]) ~= ARGV[1] then
                all = false
            end
        end
    end
    local settle = tonumber(ARGV[7])
    if since and ((all and now - since >= settle) or now - since >= 5 * settle) then
        redis.call('HSET', KEYS[1], 'run', ARGV[1])
        redis.call('DEL', KEYS[4])
        state[2] = ARGV[1]
    end
end

local page, bytes, after = {}, 0, ARGV[4] .. '-0'
while #page < tonumber(ARGV[5]) and bytes < tonumber(ARGV[6]) do
    local entry = redis.call('XRANGE', KEYS[2], '(' .. after, '+', 'COUNT', 1)[1]
    if not entry then
        break
    end
    page[#page + 1] = entry
    after = entry[1]
    for _, field in ipairs(entry[2]) do
        bytes = bytes + #field
    end
end
return { state[1], state[2] == ARGV[1] and 1 or 0, state[3], page }
