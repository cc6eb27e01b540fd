/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.rempart.distribution.mailboxes.Transactions.later;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.SubscriptionException;
import org.apache.james.mailbox.store.user.SubscriptionMapper;
import org.apache.james.mailbox.store.user.model.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The mailboxes that accounts have subscribed to (RFC 3501, section 6.3.6). */
final class StoredSubscriptions implements SubscriptionMapper {
    private final Transactions transactions;

    @Inject
    StoredSubscriptions(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public void save(Subscription subscription) throws SubscriptionException {
        String user = subscription.getUser().asString();
        String name = subscription.getMailbox();
        try {
            transactions.write(
                    "Subscribing to " + name,
                    statements -> statements.update(
                            "INSERT INTO REMPART_SUBSCRIPTION (USER_NAME, NAME) VALUES (?, ?)", user, name));
        } catch (MailboxException failed) {
            // It may be subscribed to already.
            if (!Transactions.isUniqueViolation(failed.getCause())) {
                throw new SubscriptionException(failed);
            }
        }
    }

    @Override
    public void delete(Subscription subscription) throws SubscriptionException {
        try {
            transactions.write(
                    "Unsubscribing from " + subscription.getMailbox(),
                    statements -> statements.update(
                            "DELETE FROM REMPART_SUBSCRIPTION WHERE USER_NAME = ? AND NAME = ?",
                            subscription.getUser().asString(),
                            subscription.getMailbox()));
        } catch (MailboxException failed) {
            throw new SubscriptionException(failed);
        }
    }

    @Override
    public List<Subscription> findSubscriptionsForUser(Username user) throws SubscriptionException {
        try {
            return transactions.read("Reading the subscriptions of " + user.asString(), statements -> {
                List<Subscription> found = new ArrayList<>();
                try (PreparedStatement statement = statements.prepare(
                                "SELECT NAME FROM REMPART_SUBSCRIPTION WHERE USER_NAME = ? ORDER BY NAME",
                                user.asString());
                        ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        found.add(new Subscription(user, row.getString(1)));
                    }
                }
                return found;
            });
        } catch (MailboxException failed) {
            throw new SubscriptionException(failed);
        }
    }

    @Override
    public Mono<Void> saveReactive(Subscription subscription) {
        return later(() -> {
                    save(subscription);
                    return true;
                })
                .then();
    }

    @Override
    public Mono<Void> deleteReactive(Subscription subscription) {
        return later(() -> {
                    delete(subscription);
                    return true;
                })
                .then();
    }

    @Override
    public Flux<Subscription> findSubscriptionsForUserReactive(Username user) {
        return later(() -> findSubscriptionsForUser(user)).flatMapIterable(found -> found);
    }
}
