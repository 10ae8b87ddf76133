-- A node writes to the channels: what is published, created and removed gets its place, and goes to every node.
--
-- KEYS: 1 state, 2 channels, 3 removed, 4 publications
-- ARGV: 1 the run of this Redis, 2 most channels that may be created, 3 most entries of the stream, 4 most bytes of it,
--       5 how long what was told is of use, in ms by the clock of this Redis, 6 most removed channels that are
--       remembered, 7 channel of calls, then orders, each with what it needs:
--         publish name first at kind data
--         note name at kind data           for the dashboard of each node
--         create name first at             its log starts there at the earliest
--         remove name at
--         restore name first tip id at kind data    gives back an entry
--         reach name first tip id                   gives back that there were entries up to this one
-- Returns of each order a number (the id; of `note` the place in the stream; of `create` where the log starts), or why not:
-- "settling" (nobody writes yet), "unknown", "exists", "full", "moved" (the log ends elsewhere).

local state = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'position', 'bytes', 'floor')
local is_open = state[2] == ARGV[1]
local position, bytes, floor = tonumber(state[3] or '0'), tonumber(state[4] or '0'), tonumber(state[5] or '0')

local function whole(number)
    return string.format('%.0f', number)
end

local function weigh(fields)
    local sum = 0
    for _, field in ipairs(fields) do
        sum = sum + #field
    end
    return sum
end

local function add(...)
    local fields = { ... }
    position = position + 1
    bytes = bytes + weigh(fields)
    redis.call('XADD', KEYS[4], whole(position) .. '-0', unpack(fields))
end

-- Where the log of a channel started, where it ends, and the rest of its line.
local function channel(name)
    return string.match(redis.call('HGET', KEYS[2], name) or '', '^(%d+) (%d+) (%d+)$')
end

local function is_created(name)
    return string.sub(name, 1, 1) == '/'
end

local function publish(name, first, at, kind, data)
    local started, tip, created = channel(name)
    if started ~= first then
        return 'unknown'
    end
    local id = whole(tonumber(tip) + 1)
    redis.call('HSET', KEYS[2], name, started .. ' ' .. id .. ' ' .. created)
    add('op', 'publish', 'name', name, 'first', first, 'id', id, 'at', at, 'kind', kind, 'data', data)
    return id
end

local function note(name, at, kind, data)
    add('op', 'note', 'name', name, 'at', at, 'kind', kind, 'data', data)
    return whole(position)
end

local function create(name, first, at)
    if channel(name) then
        return 'exists'
    end
    local count = 0
    for _, other in ipairs(redis.call('HKEYS', KEYS[2])) do
        if is_created(other) then
            count = count + 1
        end
    end
    if count >= tonumber(ARGV[2]) then
        return 'full'
    end
    -- Ids of a removed channel are never given out again.
    first = whole(math.max(tonumber(first), floor))
    redis.call('HSET', KEYS[2], name, first .. ' ' .. first .. ' ' .. at)
    redis.call('ZREM', KEYS[3], name)
    add('op', 'create', 'name', name, 'first', first, 'tip', first, 'at', at)
    return first
end

local function remove(name, at)
    local started, tip = channel(name)
    if not started or not is_created(name) then
        return 'unknown'
    end
    redis.call('HDEL', KEYS[2], name)
    redis.call('ZADD', KEYS[3], started, name)
    redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[6]))
    floor = math.max(floor, tonumber(tip) + 1)
    add('op', 'remove', 'name', name, 'first', started, 'at', at)
    return started
end

-- Whether the log still ends there. If so, it now ends with this id.
local function move(name, first, tip, id)
    local started, ends, created = channel(name)
    if started ~= first or ends ~= tip then
        return false
    end
    redis.call('HSET', KEYS[2], name, started .. ' ' .. id .. ' ' .. created)
    return true
end

local function restore(name, first, tip, id, at, kind, data)
    if not move(name, first, tip, id) then
        return 'moved'
    end
    add('op', 'publish', 'name', name, 'first', first, 'id', id, 'at', at, 'kind', kind, 'data', data)
    return id
end

local function reach(name, first, tip, id)
    return move(name, first, tip, id) and id or 'moved'
end

local orders = {
    publish = { publish, 5 },
    note = { note, 4 },
    create = { create, 3 },
    remove = { remove, 2 },
    restore = { restore, 7 },
    reach = { reach, 4 },
}
local answers = {}
local at = 8
local before = position
while at <= #ARGV do
    local name = ARGV[at]
    local carry_out, count = unpack(orders[name])
    local gives_back = name == 'restore' or name == 'reach'
    if state[1] and (is_open or gives_back) then
        answers[#answers + 1] = carry_out(unpack(ARGV, at + 1, at + count))
    else
        answers[#answers + 1] = 'settling'
    end
    at = at + count + 1
end

-- The oldest go: they are too many, too long or too old. The newest stays. Not all go at once: nobody else is served
-- meanwhile.
local time = redis.call('TIME')
local oldest_of_use = tonumber(time[1]) * 1000 - tonumber(ARGV[5])
local most = 1000
local length = redis.call('XLEN', KEYS[4])
while length > 1 and most > 0 do
    local oldest = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1]
    local told = 0
    for i = 1, #oldest[2] - 1, 2 do
        if oldest[2][i] == 'at' then
            told = tonumber(oldest[2][i + 1]) or 0
        end
    end
    if length <= tonumber(ARGV[3]) and bytes <= tonumber(ARGV[4]) and told >= oldest_of_use then
        break
    end
    redis.call('XDEL', KEYS[4], oldest[1])
    bytes = math.max(bytes - weigh(oldest[2]), 0)
    length = length - 1
    most = most - 1
end
if state[1] then
    redis.call('HSET', KEYS[1], 'position', whole(position), 'bytes', whole(bytes), 'floor', whole(floor))
end
if position > before then
    redis.call('PUBLISH', ARGV[7], 'channels')
end
return answers
