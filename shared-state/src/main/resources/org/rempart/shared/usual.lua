-- Counts nothing unusual against an account any more.
-- KEYS: what the names of the account's keys begin with.
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1] .. 'u')) do
  redis.call('DEL', KEYS[1] .. name)
end
return redis.call('DEL', KEYS[1] .. 'u')
