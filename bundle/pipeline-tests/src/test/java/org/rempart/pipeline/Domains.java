/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.util.List;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** The domains that are ours. They can be made to fail, as a directory does that is down. */
final class Domains implements DomainList {
    private final List<Domain> ours;
    private volatile boolean broken;

    Domains(List<Domain> ours) {
        this.ours = List.copyOf(ours);
    }

    /** From now on no look-up succeeds. */
    void fail() {
        broken = true;
    }

    /** From now on look-ups succeed again. */
    void recover() {
        broken = false;
    }

    @Override
    public List<Domain> getDomains() throws DomainListException {
        if (broken) {
            throw new DomainListException("the directory of domains is down");
        }
        return ours;
    }

    @Override
    public boolean containsDomain(Domain domain) throws DomainListException {
        return getDomains().contains(domain);
    }

    /** Part of the interface since James 3.9; there is none to override in 3.8. */
    public Publisher<Boolean> containsDomainReactive(Domain domain) {
        return Mono.fromCallable(() -> containsDomain(domain));
    }

    @Override
    public void addDomain(Domain domain) throws DomainListException {
        throw new DomainListException("the domains of a pipeline are fixed when it is built");
    }

    @Override
    public void removeDomain(Domain domain) throws DomainListException {
        throw new DomainListException("the domains of a pipeline are fixed when it is built");
    }

    @Override
    public Domain getDefaultDomain() throws DomainListException {
        return getDomains().get(0);
    }
}
