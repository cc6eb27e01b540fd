-- Releases an account that is held, with nothing counted against it; answers 0 if it was not held.
-- KEYS: what the names of the account's keys begin with.
if redis.call('DEL', KEYS[1] .. 'hold') == 0 then
  return 0
end
for _, window in ipairs(redis.call('SMEMBERS', KEYS[1] .. 'w')) do
  redis.call('DEL', KEYS[1] .. window)
end
redis.call('DEL', KEYS[1] .. 'w')
return 1
