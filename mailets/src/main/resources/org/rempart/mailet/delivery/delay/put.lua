-- Makes a mail due, or holds it, unless another server has it. ARGV: its key, the server, when it is due in ms since 1970 or
-- "held", "unknown" where only one that is not known is meant.
local due, leases, owners, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local key = ARGV[1]
local owner = redis.call('HGET', owners, key)
if owner and owner ~= ARGV[2] then
  return 0
end
if ARGV[4] == 'unknown'
    and (owner or redis.call('ZSCORE', due, key) or redis.call('SISMEMBER', held, key) == 1) then
  return 0
end
redis.call('ZREM', leases, key)
redis.call('HDEL', owners, key)
if ARGV[3] == 'held' then
  redis.call('ZREM', due, key)
  redis.call('SADD', held, key)
else
  redis.call('SREM', held, key)
  redis.call('ZADD', due, ARGV[3], key)
end
return 1
