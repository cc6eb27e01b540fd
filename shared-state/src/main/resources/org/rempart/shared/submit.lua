-- Asks whether an account may submit a message, and enters it if it may.
-- KEYS: what the names of the account's keys begin with.
-- ARGV: added to the clock; 1 to enter, 0 to ask; the time, for a hold; how many recipients; then of each limit: most messages,
-- their window, most recipients, their window (0 for no such limit), 1 to hold, and the rule.
-- Answers: 'held'; or 'exceeded', the number of the limit, messages, recipients; or 'admitted' and, of each window, its name, its
-- length, which one it is, the bucket, and the count.
local base = KEYS[1]
local now = clock(tonumber(ARGV[1]))
local recipients = tonumber(ARGV[4])

if redis.call('EXISTS', base .. 'hold') == 1 then
  return {'held'}
end

local longest = 0
local function used(kind, length)
  if length == '0' then
    return 0
  end
  redis.call('SADD', base .. 'w', kind .. length)
  longest = math.max(longest, tonumber(length))
  return (total(base .. kind .. length, tonumber(length), now))
end

local refusal = nil
for i = 5, #ARGV, 6 do
  local messages = used('m', ARGV[i + 1])
  local reached = used('r', ARGV[i + 3])
  local too_many = ARGV[i + 1] ~= '0' and messages + 1 > tonumber(ARGV[i])
  local too_far = ARGV[i + 3] ~= '0' and reached + recipients > tonumber(ARGV[i + 2])
  if too_many or too_far then
    refusal = {'exceeded', digits((i - 5) / 6), digits(messages), digits(reached)}
    if ARGV[i + 4] == '1' then
      redis.call('HSET', base .. 'hold', 'since', ARGV[3], 'reason', ARGV[i + 5], 'messages', digits(messages),
        'recipients', digits(reached))
    end
    break
  end
end
if longest > 0 and redis.call('PTTL', base .. 'w') < longest / 1000 then
  redis.call('PEXPIRE', base .. 'w', digits(math.ceil(longest / 1000) + 60000))
end
if refusal then
  return refusal
end

local answer = {'admitted'}
if ARGV[2] == '1' then
  for _, window in ipairs(redis.call('SMEMBERS', base .. 'w')) do
    local length = string.sub(window, 2)
    local count = string.sub(window, 1, 1) == 'm' and 1 or recipients
    local which, bucket = add(base .. window, tonumber(length), now, count)
    for _, part in ipairs({window, length, which, digits(bucket), digits(count)}) do
      table.insert(answer, part)
    end
  end
end
return answer
