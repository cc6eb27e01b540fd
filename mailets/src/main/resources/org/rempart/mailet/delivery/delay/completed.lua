-- All mails that there are have been shown.
redis.call('SET', KEYS[5], '1')
return 1
