-- Forgets where an account is known.
-- ARGV: added to the clock, account.
forget(ARGV[2])
return 1
