/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.common.cache.Cache;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.rrt.jpa.JPARecipientRewriteTable;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.MappingSource;
import org.apache.james.rrt.lib.Mappings;
import org.apache.james.rrt.lib.MappingsImpl;

/**
 * Aliases, in the database. Each recipient is looked up several times, mostly in vain, so each answer is remembered for
 * some seconds; what is added or removed here counts at once.
 */
final class RememberedAliases extends JPARecipientRewriteTable {
    private final Cache<MappingSource, Mappings> known = Remembered.cache();
    private final MoreAliases more;

    @Inject
    RememberedAliases(MoreAliases more) {
        this.more = more;
    }

    /** An alias that is kept elsewhere counts beside what is kept here for its address, and before what is for its domain. */
    @Override
    protected Mappings mapAddress(String localPart, Domain domain) throws RecipientRewriteTableException {
        Optional<MailAddress> account;
        try {
            account = more.accountOf(localPart, domain);
        } catch (IllegalStateException unknown) {
            throw new RecipientRewriteTableException(unknown.getMessage(), unknown);
        }
        if (account.isEmpty()) {
            return super.mapAddress(localPart, domain);
        }
        return MappingsImpl.from(getStoredMappings(MappingSource.fromUser(localPart, domain)))
                .add(Mapping.alias(account.get().asString()))
                .build();
    }

    @Override
    public Mappings getStoredMappings(MappingSource source) throws RecipientRewriteTableException {
        Optional<Mappings> remembered = Optional.ofNullable(known.getIfPresent(source));
        if (remembered.isPresent()) {
            return remembered.get();
        }
        Mappings stored = super.getStoredMappings(source);
        known.put(source, stored);
        return stored;
    }

    @Override
    public void addMapping(MappingSource source, Mapping mapping) throws RecipientRewriteTableException {
        // What is added is added to what is there now.
        known.invalidate(source);
        try {
            super.addMapping(source, mapping);
        } finally {
            known.invalidate(source);
        }
    }

    @Override
    public void removeMapping(MappingSource source, Mapping mapping) throws RecipientRewriteTableException {
        known.invalidate(source);
        try {
            super.removeMapping(source, mapping);
        } finally {
            known.invalidate(source);
        }
    }
}
