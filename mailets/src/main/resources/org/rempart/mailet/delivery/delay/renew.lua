-- Makes leases longer. ARGV: the lease in ms, the server, the keys. Answers those that the server has.
local leases, owners = KEYS[2], KEYS[3]
local time = redis.call('TIME')
local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
local mine = {}
for at = 3, #ARGV do
  if redis.call('HGET', owners, ARGV[at]) == ARGV[2] then
    redis.call('ZADD', leases, ends, ARGV[at])
    table.insert(mine, ARGV[at])
  end
end
return mine
