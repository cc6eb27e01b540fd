-- Takes one mail, due or not, held or not. ARGV: its key, the lease in ms, the server.
local due, leases, owners, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local key = ARGV[1]
if redis.call('ZREM', due, key) + redis.call('SREM', held, key) == 0 then
  return 0
end
local time = redis.call('TIME')
redis.call('ZADD', leases, time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], key)
redis.call('HSET', owners, key, ARGV[3])
return 1
