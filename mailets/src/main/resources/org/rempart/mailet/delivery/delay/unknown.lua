-- Which of the keys are not known. ARGV: the keys.
local unknown = {}
for _, key in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[1], key) and not redis.call('HGET', KEYS[3], key)
      and redis.call('SISMEMBER', KEYS[4], key) == 0 then
    table.insert(unknown, key)
  end
end
return unknown
