/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import java.util.function.Predicate;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.mailbox.Authenticator;
import org.apache.james.mailbox.Authorizator;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.store.SessionProviderImpl;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.api.model.User;

/** Gives who logs in to IMAP by another attribute the mailboxes of his account, not such of the name that he gave. */
final class DirectorySessions extends SessionProviderImpl {
    private final UsersRepository users;

    @Inject
    DirectorySessions(Authenticator authenticator, Authorizator authorizator, UsersRepository users) {
        super(authenticator, authorizator);
        this.users = users;
    }

    @Override
    public AuthorizationStep authenticate(Username login, String password) {
        try {
            User account = users.getUserByName(login);
            return super.authenticate(account == null ? login : account.getUserName(), password);
        } catch (UsersRepositoryException unknown) {
            return new Undecided(new MailboxException("The accounts can't be asked", unknown));
        }
    }

    /** A login of which nobody can say whether it is right: it fails, and is no wrong password. */
    private record Undecided(MailboxException reason) implements AuthorizationStep {
        @Override
        public MailboxSession as(Username other) throws MailboxException {
            throw reason;
        }

        @Override
        public MailboxSession withoutDelegation() throws MailboxException {
            throw reason;
        }

        @Override
        public MailboxSession forMatchingUser(Predicate<Username> other) throws MailboxException {
            throw reason;
        }
    }
}
