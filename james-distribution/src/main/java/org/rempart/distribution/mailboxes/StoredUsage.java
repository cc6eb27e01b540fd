/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import javax.inject.Inject;
import org.apache.james.core.quota.QuotaCountUsage;
import org.apache.james.core.quota.QuotaSizeUsage;
import org.apache.james.mailbox.model.CurrentQuotas;
import org.apache.james.mailbox.model.QuotaOperation;
import org.apache.james.mailbox.model.QuotaRoot;
import org.apache.james.mailbox.quota.CurrentQuotaManager;
import org.apache.james.mailbox.store.quota.DefaultUserQuotaRootResolver;
import org.reactivestreams.Publisher;
import org.rempart.distribution.mailboxes.MessageTable.Counts;
import reactor.core.publisher.Mono;

/**
 * How much each account has stored: the sum of what its mailboxes count. Each change of a mailbox counts itself, so there
 * is nothing to count when James tells of it.
 */
final class StoredUsage implements CurrentQuotaManager {
    private final MessageTable table;

    @Inject
    StoredUsage(MessageTable table) {
        this.table = table;
    }

    @Override
    public Publisher<CurrentQuotas> getCurrentQuotas(QuotaRoot root) {
        return Transactions.later(() -> {
            // Such as "#private&user@example.com"; see DefaultUserQuotaRootResolver.
            String[] parts = root.getValue().split(DefaultUserQuotaRootResolver.SEPARATOR, 2);
            Counts counts = table.counts(parts[0], parts[parts.length - 1]);
            return new CurrentQuotas(QuotaCountUsage.count(counts.messages()), QuotaSizeUsage.size(counts.octets()));
        });
    }

    @Override
    public Publisher<QuotaCountUsage> getCurrentMessageCount(QuotaRoot root) {
        return Mono.from(getCurrentQuotas(root)).map(CurrentQuotas::count);
    }

    @Override
    public Publisher<QuotaSizeUsage> getCurrentStorage(QuotaRoot root) {
        return Mono.from(getCurrentQuotas(root)).map(CurrentQuotas::size);
    }

    @Override
    public Publisher<Void> increase(QuotaOperation operation) {
        return Mono.empty();
    }

    @Override
    public Publisher<Void> decrease(QuotaOperation operation) {
        return Mono.empty();
    }

    @Override
    public Publisher<Void> setCurrentQuotas(QuotaOperation operation) {
        return Mono.empty();
    }
}
