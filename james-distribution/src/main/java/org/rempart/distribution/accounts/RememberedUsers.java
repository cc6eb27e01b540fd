/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.common.cache.Cache;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.jpa.JPAUsersRepository;
import org.apache.james.util.ReactorUtils;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * Accounts, in the database. Whether there is one is asked several times for each mail; that there is, is remembered for
 * some seconds. That there is none never is, since a new account must not lose its first mail; nor are passwords.
 */
final class RememberedUsers extends JPAUsersRepository {
    private final Cache<Username, Boolean> known = Remembered.cache();

    @Inject
    RememberedUsers(DomainList domains) {
        super(domains);
    }

    @Override
    public boolean contains(Username name) throws UsersRepositoryException {
        if (known.getIfPresent(name) != null) {
            return true;
        }
        boolean contained = super.contains(name);
        if (contained) {
            known.put(name, true);
        }
        return contained;
    }

    @Override
    public Publisher<Boolean> containsReactive(Username name) {
        return known.getIfPresent(name) != null
                ? Mono.just(true)
                : Mono.fromCallable(() -> contains(name)).subscribeOn(ReactorUtils.BLOCKING_CALL_WRAPPER);
    }

    @Override
    public void removeUser(Username name) throws UsersRepositoryException {
        try {
            super.removeUser(name);
        } finally {
            known.invalidate(name);
        }
    }
}
