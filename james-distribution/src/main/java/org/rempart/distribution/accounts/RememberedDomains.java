/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.common.cache.Cache;
import java.util.Optional;
import javax.inject.Inject;
import javax.persistence.EntityManagerFactory;
import org.apache.james.core.Domain;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.domainlist.jpa.JPADomainList;

/**
 * Our domains, in the database. A mail asks for its domains about seven times on its way, so each answer is remembered for
 * some seconds; what is added or removed here counts at once.
 */
final class RememberedDomains extends JPADomainList {
    private final Cache<Domain, Boolean> known = Remembered.cache();

    @Inject
    RememberedDomains(DNSService dns, EntityManagerFactory entities) {
        super(dns, entities);
    }

    @Override
    protected boolean containsDomainInternal(Domain domain) throws DomainListException {
        Optional<Boolean> remembered = Optional.ofNullable(known.getIfPresent(domain));
        if (remembered.isPresent()) {
            return remembered.get();
        }
        boolean contained = super.containsDomainInternal(domain);
        known.put(domain, contained);
        return contained;
    }

    @Override
    public void addDomain(Domain domain) throws DomainListException {
        try {
            super.addDomain(domain);
        } finally {
            known.invalidateAll();
        }
    }

    @Override
    public void doRemoveDomain(Domain domain) throws DomainListException {
        try {
            super.doRemoveDomain(domain);
        } finally {
            known.invalidateAll();
        }
    }
}
