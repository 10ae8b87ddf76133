-- A node says which channels it has, and hears which there are.
--
-- KEYS: 1 state, 2 channels, 3 removed, 4 publications, 5 those who have met
-- ARGV: 1 the run of this Redis, then of each channel its name, where its log started, after
--       which entry it could be given back, its last entry, and when it was created
-- Returns since when this Redis knows of channels, its last place in the stream, and of each channel its name and a line:
-- where its log started, its last entry, when it was created.

local function whole(number)
    return string.format('%.0f', number)
end

local state = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'position', 'bytes')
if not state[1] then
    redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
    local time = redis.call('TIME')
    local epoch = whole(tonumber(time[1]) * 1000000 + tonumber(time[2]))
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'position', '0', 'bytes', '0', 'floor', '0')
    state = { epoch, false, '0', '0' }
end
local position, bytes = tonumber(state[3]), tonumber(state[4])
local overturned = false
for i = 2, #ARGV - 4, 5 do
    local name, first, last = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 3])
    local is_created = string.sub(name, 1, 1) == '/'
    local known = redis.call('HGET', KEYS[2], name)
    local takes = false
    if known then
        local started, tip = string.match(known, '^(%d+) (%d+) ')
        started, tip = tonumber(started), tonumber(tip)
        if started ~= first and state[2] ~= ARGV[1] then
            -- Nobody has written since this Redis was started. The longest log of a built-in channel becomes that of all;
            -- of one that was created again, the latest.
            if is_created then
                takes = first > started
            else
                takes = last - first > tip - started
            end
            overturned = overturned or takes
        end
    else
        local removed = redis.call('ZSCORE', KEYS[3], name)
        takes = not (is_created and removed and tonumber(removed) >= first)
    end
    if takes then
        -- Where publications come already, the next one must not get an id that this log has given out: then nothing of it
        -- is given back.
        local tip = state[2] == ARGV[1] and ARGV[i + 3] or ARGV[i + 2]
        redis.call('HSET', KEYS[2], name, ARGV[i + 1] .. ' ' .. tip .. ' ' .. ARGV[i + 4])
        if is_created then
            -- Those who are here already hear of it.
            local fields = { 'op', 'create', 'name', name, 'first', ARGV[i + 1], 'tip', tip, 'at', ARGV[i + 4] }
            position = position + 1
            redis.call('XADD', KEYS[4], whole(position) .. '-0', unpack(fields))
            for _, field in ipairs(fields) do
                bytes = bytes + #field
            end
        end
    end
end
if overturned then
    -- Everybody looks again.
    state[1] = whole(tonumber(state[1]) + 1)
    redis.call('DEL', KEYS[5])
end
redis.call('HSET', KEYS[1], 'epoch', state[1], 'position', whole(position), 'bytes', whole(bytes))
return { state[1], whole(position), redis.call('HGETALL', KEYS[2]) }
