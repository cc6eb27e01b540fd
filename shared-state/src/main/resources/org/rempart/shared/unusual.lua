-- Notes what an account's owner hardly does; answers 1 if that is news.
-- KEYS: what the names of the account's keys begin with.
-- ARGV: added to the clock, what is counted, what is still usual, the window; and a network, where networks are.
local now = clock(tonumber(ARGV[1]))
local usual, length = tonumber(ARGV[3]), tonumber(ARGV[4])
local name = 'u' .. ARGV[2] .. ':' .. ARGV[3] .. ':' .. ARGV[4]
local key = KEYS[1] .. name
local lasts = digits(math.ceil(length / 1000) + 60000)

local seen
if ARGV[5] then
  redis.call('ZADD', key, digits(now), ARGV[5])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now - length))
  -- One more than is usual says all.
  redis.call('ZREMRANGEBYRANK', key, 0, -usual - 2)
  redis.call('PEXPIRE', key, lasts)
  seen = redis.call('ZCARD', key)
else
  add(key, length, now, 1)
  seen = total(key, length, now)
end

redis.call('SADD', KEYS[1] .. 'u', name, name .. ':told')
if redis.call('PTTL', KEYS[1] .. 'u') < length / 1000 then
  redis.call('PEXPIRE', KEYS[1] .. 'u', lasts)
end
local told = redis.call('GET', key .. ':told')
if seen <= usual or told and now - tonumber(told) < length then
  return 0
end
redis.call('SET', key .. ':told', digits(now), 'PX', lasts)
return 1
