-- What the scripts of logins have in common. All of it lies under one tag, since a login asks after an address, an account and a
-- password at once.
--
-- A brake is a window of failures (see windows.lua) with, behind its name: ':s', passwords that were wrong, by when they were
-- tried last; ':u', attempts that are under way, by when they began; ':x', until when it brakes. An account at an address is a
-- brake, too, with ':d', until when it has to wait, and ':c', where its failures were counted.
local CAPACITY = 100000
local SEARCH = 64
local DISTINCT = 256
local FORGIVABLE = 100
local SECOND = 1000000
-- An attempt whose server was killed takes its place no longer than that.
local UNDER_WAY = 120 * SECOND
local KNOWN = 30 * 24 * 3600 * SECOND
local PLACES = 32
local LONGEST_PAUSE = 60 * SECOND
local PAUSE_WHERE_KNOWN = 10 * SECOND
local PAIR_LASTS = 24 * 3600 * 1000

local base = KEYS[1]
local now = clock(tonumber(ARGV[1]))

local function lasts(key, length)
  redis.call('PEXPIRE', key, digits(math.ceil(length / 1000) + 60000))
end

local function until_when(key)
  return tonumber(redis.call('GET', key) or '0')
end

local function is_blocked(brake)
  return until_when(brake .. ':x') > now
end

local function drop(brake)
  redis.call('DEL', brake, brake .. ':s', brake .. ':u', brake .. ':x', brake .. ':d', brake .. ':c')
end

-- Keeps as many of a kind as there is room for; the one that was longest not heard of makes room, one that does not brake first.
local function touch(kind, brake)
  local index = base .. 'i:' .. kind
  redis.call('ZADD', index, digits(now), brake)
  redis.call('PEXPIRE', index, digits(KNOWN / 1000))
  if redis.call('ZCARD', index) > CAPACITY then
    local oldest = redis.call('ZRANGE', index, 0, SEARCH - 1)
    local gone = oldest[1]
    for _, one in ipairs(oldest) do
      if not is_blocked(one) then
        gone = one
        break
      end
    end
    redis.call('ZREM', index, gone)
    drop(gone)
  end
end

local function under_way(brake)
  redis.call('ZREMRANGEBYSCORE', brake .. ':u', '-inf', digits(now - UNDER_WAY))
  return redis.call('ZCARD', brake .. ':u')
end

local function begin(brake, attempt)
  redis.call('ZADD', brake .. ':u', digits(now), attempt)
  lasts(brake .. ':u', UNDER_WAY)
end

-- Counts a failure; answers which window and bucket it is in, or nothing when the password was wrong before, or it brakes already.
local function fail(brake, password, length)
  local before = redis.call('ZSCORE', brake .. ':s', password)
  redis.call('ZADD', brake .. ':s', digits(now), password)
  redis.call('ZREMRANGEBYRANK', brake .. ':s', 0, -DISTINCT - 1)
  lasts(brake .. ':s', length)
  if before and now - tonumber(before) < length or is_blocked(brake) then
    return nil
  end
  return add(brake, length, now, 1)
end

local function is_known(account, network)
  local seen = redis.call('ZSCORE', base .. 'k:a:' .. account, network)
  return seen and now - tonumber(seen) < KNOWN
end

-- How many accounts are known there.
local function known(network)
  return redis.call('ZCOUNT', base .. 'k:n:' .. network, '(' .. digits(now - KNOWN), '+inf')
end

local function forget(account)
  for _, network in ipairs(redis.call('ZRANGE', base .. 'k:a:' .. account, 0, -1)) do
    redis.call('ZREM', base .. 'k:n:' .. network, account)
  end
  redis.call('DEL', base .. 'k:a:' .. account)
  redis.call('ZREM', base .. 'i:known', account)
end

local function learn(account, network)
  local places = base .. 'k:a:' .. account
  local there = base .. 'k:n:' .. network
  redis.call('ZADD', places, digits(now), network)
  redis.call('ZADD', there, digits(now), account)
  redis.call('ZREMRANGEBYSCORE', there, '-inf', digits(now - KNOWN))
  redis.call('ZREMRANGEBYSCORE', places, '-inf', digits(now - KNOWN))
  if redis.call('ZCARD', places) > PLACES then
    local left = redis.call('ZPOPMIN', places)[1]
    redis.call('ZREM', base .. 'k:n:' .. left, account)
  end
  lasts(places, KNOWN)
  lasts(there, KNOWN)
  redis.call('ZADD', base .. 'i:known', digits(now), account)
  lasts(base .. 'i:known', KNOWN)
  if redis.call('ZCARD', base .. 'i:known') > CAPACITY then
    forget(redis.call('ZRANGE', base .. 'i:known', 0, 0)[1])
  end
end

-- From this argument on: of each limit what it is per, whom it brakes, how many failures, within how long, and for how long.
local function subjects(from)
  local all = {}
  for i = from, #ARGV, 5 do
    table.insert(all, {
      per = ARGV[i],
      most = tonumber(ARGV[i + 2]),
      length = tonumber(ARGV[i + 3]),
      block = tonumber(ARGV[i + 4]),
      key = base .. 'b:' .. ARGV[i] .. ':' .. ARGV[i + 2] .. ':' .. ARGV[i + 3] .. ':' .. ARGV[i + 4] .. ':' .. ARGV[i + 1],
    })
  end
  return all
end

-- Behind an address at which many accounts are known there are many people, and more of them mistype.
local function most(subject, network)
  return subject.per == 'ADDRESS' and subject.most + known(network) or subject.most
end

local function pair_of(network, account)
  return base .. 'p:' .. network .. ' ' .. account
end
