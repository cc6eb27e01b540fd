-- Tells how an attempt ended.
-- ARGV: added to the clock, attempt, network, account, 1 if the account was known there, how many failures the least limit bears
-- (0 for no limit), within how long, how it ended, the password (a hash), the pause after a first failure, the account that has
-- logged in, limits.
-- Answers the numbers of the limits that brake from now on.
local attempt, network, account = ARGV[2], ARGV[3], ARGV[4]
local here = ARGV[5] == '1'
local least, within = tonumber(ARGV[6]), tonumber(ARGV[7])
local outcome, password, first, proved = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11]
local pair = pair_of(network, account)
local strangers = here and {} or subjects(12)
local braked = {}

for _, subject in ipairs(strangers) do
  redis.call('ZREM', subject.key .. ':u', attempt)
end
redis.call('ZREM', pair .. ':u', attempt)

if outcome == 'failed' and least > 0 then
  if fail(pair, password, within) then
    local failures = total(pair, within, now)
    if here and failures >= least then
      redis.call('SET', pair .. ':d', digits(now + PAUSE_WHERE_KNOWN), 'PX', PAIR_LASTS)
    elseif not here and first > 0 then
      local pause = math.min(first * 2 ^ math.min(failures - 1, 30), LONGEST_PAUSE)
      redis.call('SET', pair .. ':d', digits(now + pause), 'PX', PAIR_LASTS)
    end
  end
  touch('PAIR', pair)
  for i, subject in ipairs(strangers) do
    local which, bucket = fail(subject.key, password, subject.length)
    if which then
      redis.call('RPUSH', pair .. ':c', cjson.encode({subject.key, subject.length, which, bucket}))
    end
    if total(subject.key, subject.length, now) >= most(subject, network) then
      redis.call('DEL', subject.key)
      redis.call('SET', subject.key .. ':x', digits(now + subject.block), 'PX', digits(math.ceil(subject.block / 1000) + 60000))
      table.insert(braked, i - 1)
    end
    touch(subject.per, subject.key)
  end
  redis.call('LTRIM', pair .. ':c', -FORGIVABLE, -1)
  redis.call('PEXPIRE', pair .. ':c', PAIR_LASTS)
elseif outcome == 'succeeded' then
  for _, counted in ipairs(redis.call('LRANGE', pair .. ':c', 0, -1)) do
    local one = cjson.decode(counted)
    take_back(one[1], one[2], now, one[3], one[4], 1)
  end
  drop(pair)
  redis.call('ZREM', base .. 'i:PAIR', pair)
  if account ~= '' then
    learn(account, network)
  end
  learn(proved, network)
end
return braked
