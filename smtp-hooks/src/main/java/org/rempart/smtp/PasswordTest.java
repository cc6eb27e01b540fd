/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import org.apache.james.core.Username;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.api.model.User;

/**
 * Asks whether a password is right, and whose it is. {@code UsersRepository.test} answers yes or no in James 3.8, and with
 * the account in 3.9.
 */
final class PasswordTest {
    private final UsersRepository users;
    private final Method test;

    PasswordTest(UsersRepository users) {
        this.users = users;
        try {
            this.test = UsersRepository.class.getMethod("test", Username.class, String.class);
        } catch (NoSuchMethodException otherJames) {
            throw new IllegalStateException("This James asks for passwords in another way", otherJames);
        }
    }

    /**
     * The account that a name and a password prove. Its name may be another one than the user gave, where the directory
     * lets people log in by several.
     *
     * @return empty when the password is wrong, or there is no such account
     * @throws UsersRepositoryException when that can't be found out
     */
    Optional<Username> account(Username name, String password) throws UsersRepositoryException {
        Object answer;
        try {
            answer = test.invoke(users, name, password);
        } catch (InvocationTargetException failure) {
            if (failure.getCause() instanceof UsersRepositoryException) {
                throw (UsersRepositoryException) failure.getCause();
            }
            throw new UsersRepositoryException("the accounts can't be asked", failure.getCause());
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible);
        }
        if (answer instanceof Optional) {
            return ((Optional<?>) answer).map(Username.class::cast);
        }
        return Boolean.TRUE.equals(answer) ? Optional.of(nameOf(name)) : Optional.empty();
    }

    private Username nameOf(Username given) throws UsersRepositoryException {
        User account = users.getUserByName(given);
        return account == null ? given : account.getUserName();
    }
}
