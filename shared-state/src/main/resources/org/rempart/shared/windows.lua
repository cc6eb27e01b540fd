-- Counts what happened within the last so-and-so long, as SlidingWindow does: what lies close together is one bucket, which
-- leaves as a whole when its youngest part has left the window. Times are microseconds of this server's clock.
--
-- A window is a hash: g says which one it is, since one that has gone may come again under its name; f and l are the numbers of
-- its first and last bucket; t is what is in all; of bucket i, bi is its begin, ei its end, and ci what is in it.
local BUCKETS = 1024

local function clock(offset)
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2] + offset
end

-- A number in digits: Lua writes long ones with an exponent.
local function digits(number)
  return string.format('%.0f', number)
end

-- What is in the window now, and the numbers of its first and last bucket.
local function total(key, length, now)
  local state = redis.call('HMGET', key, 't', 'f', 'l')
  if not state[1] then
    return 0, 1, 0
  end
  local sum, first, last = tonumber(state[1]), tonumber(state[2]), tonumber(state[3])
  local before = first
  while first <= last do
    local bucket = redis.call('HMGET', key, 'e' .. first, 'c' .. first)
    if now - tonumber(bucket[1]) < length then
      break
    end
    sum = sum - tonumber(bucket[2])
    redis.call('HDEL', key, 'b' .. first, 'e' .. first, 'c' .. first)
    first = first + 1
  end
  if first > before then
    redis.call('HSET', key, 'f', first, 't', digits(sum))
  end
  return sum, first, last
end

-- Counts; answers which window and which bucket it is in, for take_back.
local function add(key, length, now, count)
  local _, first, last = total(key, length, now)
  local which = redis.call('HGET', key, 'g')
  if not which then
    which = digits(now)
    redis.call('HSET', key, 'g', which, 'f', 1, 'l', 0, 't', 0)
  end
  local grain = math.max(1, length / BUCKETS)
  if last < first or now - tonumber(redis.call('HGET', key, 'b' .. last)) >= grain then
    last = last + 1
    redis.call('HSET', key, 'l', last, 'b' .. last, digits(now), 'e' .. last, digits(now), 'c' .. last, 0)
  elseif now > tonumber(redis.call('HGET', key, 'e' .. last)) then
    redis.call('HSET', key, 'e' .. last, digits(now))
  end
  redis.call('HINCRBY', key, 'c' .. last, count)
  redis.call('HINCRBY', key, 't', count)
  redis.call('PEXPIRE', key, digits(math.ceil(length / 1000) + 60000))
  return which, last
end

-- Takes back what was counted, unless it has left the window by itself.
local function take_back(key, length, now, which, bucket, count)
  total(key, length, now)
  if redis.call('HGET', key, 'g') == which and redis.call('HEXISTS', key, 'c' .. bucket) == 1 then
    redis.call('HINCRBY', key, 'c' .. bucket, -count)
    redis.call('HINCRBY', key, 't', -count)
  end
end
