-- Begins an attempt.
-- ARGV: added to the clock, attempt, network, account, 1 if an account is named, how many failures the least limit bears (0 for
-- no limit), within how long, limits.
-- Answers 1 or 0, as the account is known there or not, and: 'braked' and the number of the limit; 'soon'; 'full', when it has to
-- wait; 'tried'.
local attempt, network, account = ARGV[2], ARGV[3], ARGV[4]
local least, within = tonumber(ARGV[6]), tonumber(ARGV[7])
local pair = pair_of(network, account)
local here = ARGV[5] == '1' and is_known(account, network)
local strangers = here and {} or subjects(8)

for i, subject in ipairs(strangers) do
  if is_blocked(subject.key) then
    return {digits(here and 1 or 0), 'braked', digits(i - 1)}
  end
end
if until_when(pair .. ':d') > now then
  return {digits(here and 1 or 0), 'soon'}
end
if here then
  local going = under_way(pair)
  -- Over its limit it is looked at one by one.
  if least > 0 and going > 0 and total(pair, within, now) + going >= least then
    return {'1', 'full'}
  end
  if least > 0 then
    begin(pair, attempt)
    touch('PAIR', pair)
  end
  return {'1', 'tried'}
end
for _, subject in ipairs(strangers) do
  if total(subject.key, subject.length, now) + under_way(subject.key) >= most(subject, network) then
    return {'0', 'full'}
  end
end
for _, subject in ipairs(strangers) do
  begin(subject.key, attempt)
  touch(subject.per, subject.key)
end
return {'0', 'tried'}
