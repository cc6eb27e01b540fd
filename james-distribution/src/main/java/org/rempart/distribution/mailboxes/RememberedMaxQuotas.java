/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import com.google.common.cache.Cache;
import java.util.Map;
import java.util.Optional;
import javax.inject.Inject;
import javax.persistence.EntityManagerFactory;
import org.apache.james.core.Domain;
import org.apache.james.core.quota.QuotaCountLimit;
import org.apache.james.core.quota.QuotaSizeLimit;
import org.apache.james.mailbox.jpa.quota.JPAPerUserMaxQuotaDAO;
import org.apache.james.mailbox.jpa.quota.JPAPerUserMaxQuotaManager;
import org.apache.james.mailbox.model.Quota;
import org.apache.james.mailbox.model.QuotaRoot;
import org.reactivestreams.Publisher;
import org.rempart.distribution.accounts.Remembered;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The quotas that administrators set, in the database. Each message that is stored asks for them twice, with six queries
 * each, so they are remembered for some seconds; what is set or removed here counts at once.
 */
final class RememberedMaxQuotas extends JPAPerUserMaxQuotaManager {
    private final Cache<QuotaRoot, QuotaDetails> known = Remembered.cache();

    @Inject
    RememberedMaxQuotas(EntityManagerFactory entities, JPAPerUserMaxQuotaDAO quotas) {
        super(entities, quotas);
    }

    @Override
    public Publisher<QuotaDetails> quotaDetailsReactive(QuotaRoot root) {
        return Mono.defer(() -> {
            QuotaDetails remembered = known.getIfPresent(root);
            return remembered != null
                    ? Mono.just(remembered)
                    : Mono.fromCallable(() -> quotaDetails(root)).subscribeOn(Schedulers.boundedElastic());
        });
    }

    @Override
    public QuotaDetails quotaDetails(QuotaRoot root) {
        Optional<QuotaDetails> remembered = Optional.ofNullable(known.getIfPresent(root));
        if (remembered.isPresent()) {
            return remembered.get();
        }
        QuotaDetails stored = new QuotaDetails(super.listMaxMessagesDetails(root), super.listMaxStorageDetails(root));
        known.put(root, stored);
        return stored;
    }

    @Override
    public Map<Quota.Scope, QuotaCountLimit> listMaxMessagesDetails(QuotaRoot root) {
        return quotaDetails(root).getMaxMessageDetails();
    }

    @Override
    public Map<Quota.Scope, QuotaSizeLimit> listMaxStorageDetails(QuotaRoot root) {
        return quotaDetails(root).getMaxStorageDetails();
    }

    // What is set for one account, a domain or all: each of the others (reactive, and for a domain) ends in one of
    // these.

    @Override
    public void setMaxStorage(QuotaRoot root, QuotaSizeLimit limit) {
        changing(() -> super.setMaxStorage(root, limit));
    }

    @Override
    public void setMaxMessage(QuotaRoot root, QuotaCountLimit limit) {
        changing(() -> super.setMaxMessage(root, limit));
    }

    @Override
    public void removeMaxStorage(QuotaRoot root) {
        changing(() -> super.removeMaxStorage(root));
    }

    @Override
    public void removeMaxMessage(QuotaRoot root) {
        changing(() -> super.removeMaxMessage(root));
    }

    @Override
    public void setDomainMaxStorage(Domain domain, QuotaSizeLimit limit) {
        changing(() -> super.setDomainMaxStorage(domain, limit));
    }

    @Override
    public void setDomainMaxMessage(Domain domain, QuotaCountLimit limit) {
        changing(() -> super.setDomainMaxMessage(domain, limit));
    }

    @Override
    public void removeDomainMaxStorage(Domain domain) {
        changing(() -> super.removeDomainMaxStorage(domain));
    }

    @Override
    public void removeDomainMaxMessage(Domain domain) {
        changing(() -> super.removeDomainMaxMessage(domain));
    }

    @Override
    public void setGlobalMaxStorage(QuotaSizeLimit limit) {
        changing(() -> super.setGlobalMaxStorage(limit));
    }

    @Override
    public void setGlobalMaxMessage(QuotaCountLimit limit) {
        changing(() -> super.setGlobalMaxMessage(limit));
    }

    @Override
    public void removeGlobalMaxStorage() {
        changing(super::removeGlobalMaxStorage);
    }

    @Override
    public void removeGlobalMaxMessage() {
        changing(super::removeGlobalMaxMessage);
    }

    private void changing(Runnable change) {
        try {
            change.run();
        } finally {
            known.invalidateAll();
        }
    }
}
