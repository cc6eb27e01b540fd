-- Takes back what was entered.
-- KEYS: what the names of the account's keys begin with.
-- ARGV: added to the clock; then, of each window, what submit.lua has answered.
local now = clock(tonumber(ARGV[1]))
for i = 2, #ARGV, 5 do
  take_back(KEYS[1] .. ARGV[i], tonumber(ARGV[i + 1]), now, ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]))
end
return 1
