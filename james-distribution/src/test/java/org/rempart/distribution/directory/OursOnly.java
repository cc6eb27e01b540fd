/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import java.util.List;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;

/** The one domain ours.example. */
final class OursOnly implements DomainList {
    private static final Domain OURS = Domain.of("ours.example");

    @Override
    public List<Domain> getDomains() {
        return List.of(OURS);
    }

    @Override
    public boolean containsDomain(Domain domain) {
        return domain.equals(OURS);
    }

    @Override
    public void addDomain(Domain domain) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void removeDomain(Domain domain) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Domain getDefaultDomain() {
        return OURS;
    }
}
