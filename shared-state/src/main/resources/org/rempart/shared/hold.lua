-- Holds an account; answers 0 if it was held already.
-- KEYS: what the names of the account's keys begin with.
-- ARGV: since when, why, messages, recipients.
local hold = KEYS[1] .. 'hold'
if redis.call('EXISTS', hold) == 1 then
  return 0
end
redis.call('HSET', hold, 'since', ARGV[1], 'reason', ARGV[2], 'messages', ARGV[3], 'recipients', ARGV[4])
return 1
