-- What is known of an account.
-- KEYS: what the names of the account's keys begin with.
-- ARGV: added to the clock.
-- Answers: since when it is held, why, messages, recipients (nothing where it is not); then, of each window, its name and what is in
-- it.
local now = clock(tonumber(ARGV[1]))
local hold = redis.call('HMGET', KEYS[1] .. 'hold', 'since', 'reason', 'messages', 'recipients')
local answer = {hold[1] or '', hold[2] or '', hold[3] or '', hold[4] or ''}
for _, window in ipairs(redis.call('SMEMBERS', KEYS[1] .. 'w')) do
  table.insert(answer, window)
  table.insert(answer, digits((total(KEYS[1] .. window, tonumber(string.sub(window, 2)), now))))
end
return answer
