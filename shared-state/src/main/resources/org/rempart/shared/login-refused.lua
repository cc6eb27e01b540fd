-- Whether an address is braked, and no account is known there.
-- ARGV: added to the clock, network, limits. Answers the number of the limit, or -1.
if known(ARGV[2]) > 0 then
  return -1
end
for i, subject in ipairs(subjects(3)) do
  if is_blocked(subject.key) then
    return i - 1
  end
end
return -1
