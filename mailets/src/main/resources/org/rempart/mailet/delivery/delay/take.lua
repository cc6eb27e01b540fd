-- Takes mails that are due. ARGV: how many, the lease in ms, the server.
local due, leases, owners, complete = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', leases, key)
  redis.call('HDEL', owners, key)
  redis.call('ZADD', due, now, key)
end
local taken = {tostring(redis.call('EXISTS', complete))}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZREM', due, key)
  redis.call('ZADD', leases, now + ARGV[2], key)
  redis.call('HSET', owners, key, ARGV[3])
  table.insert(taken, key)
end
return taken
