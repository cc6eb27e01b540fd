/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is said of the brakes that a login failure puts on, whatever was logged in to: an event in the audit trail, a line in
 * the log, and, where an account is guessed at, a mail to its owner, at most once a day.
 *
 * <p>It is an interface of the JDK for the packaged IMAP server, whose class loader does not see this class.
 */
@Singleton
public final class LoginNotice implements BiConsumer<List<LoginFailureLedger.Subject>, Supplier<AuditEvent>> {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoginNotice.class);
    private static final long BETWEEN_NOTICES = Duration.ofDays(1).toNanos();
    private static final int REMEMBERED = 10_000;

    private final UsersRepository users;
    private final PostmasterNotice mail;
    private final LongSupplier nanoTime;

    /** When owners were told; guarded by itself. */
    private final Map<Username, Long> told = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Username, Long> eldest) {
            return size() > REMEMBERED;
        }
    };

    @Inject
    LoginNotice(UsersRepository users, PostmasterNotice mail) {
        this(users, mail, System::nanoTime);
    }

    LoginNotice(UsersRepository users, PostmasterNotice mail, LongSupplier nanoTime) {
        this.users = users;
        this.mail = mail;
        this.nanoTime = nanoTime;
    }

    /**
     * Tells of each.
     *
     * @param braked what {@link LoginFailureLedger.Attempt#failed} has answered
     * @param event makes a new event {@code blocked} with who tried, and from where
     */
    @Override
    public void accept(List<LoginFailureLedger.Subject> braked, Supplier<AuditEvent> event) {
        for (LoginFailureLedger.Subject subject : braked) {
            FailureLimit limit = subject.limit();
            String name = nameOf(subject);
            event.get()
                    .with("blocked", name)
                    .with("seconds", limit.block().toSeconds())
                    .rule(limit.rule())
                    .log();
            LOGGER.warn(
                    "Strangers are refused for {}: {}, by {}",
                    limit.block(),
                    name,
                    limit.rule());
            if (limit.per() == FailureLimit.Per.ACCOUNT) {
                tellOwner(Username.of(subject.name()), limit);
            }
        }
    }

    /** A name that is no account's may be a password that was typed where the name belongs. */
    private String nameOf(LoginFailureLedger.Subject subject) {
        switch (subject.limit().per()) {
            case PASSWORD:
                return "a password";
            case ACCOUNT:
                return isThere(subject.name()) ? subject.name() : "a name that is no account's";
            default:
                return subject.name();
        }
    }

    /** Whether there is an account of this name; false, too, when that can't be found out. */
    private boolean isThere(String name) {
        try {
            return users.contains(Username.of(name));
        } catch (UsersRepositoryException | RuntimeException unknown) {
            return false;
        }
    }

    private void tellOwner(Username account, FailureLimit limit) {
        try {
            if (users.contains(account) && isDue(account)) {
                mail.guessed(users.getMailAddressFor(account), limit.rule(), limit.block());
            }
        } catch (UsersRepositoryException | RuntimeException unknown) {
            LOGGER.error("The owner of {} could not be told", account.asString(), unknown);
        }
    }

    private boolean isDue(Username account) {
        long now = nanoTime.getAsLong();
        synchronized (told) {
            Long before = told.get(account);
            if (before != null && now - before < BETWEEN_NOTICES) {
                return false;
            }
            told.remove(account);
            told.put(account, now);
            return true;
        }
    }
}
