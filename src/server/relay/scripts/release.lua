-- A node goes. Its lease is free at once.
--
-- KEYS: 1 lease, 2 nodes
-- ARGV: 1 node, 2 channel of calls

redis.call('HDEL', KEYS[2], ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', ARGV[2], 'vacant')
end
return 0
