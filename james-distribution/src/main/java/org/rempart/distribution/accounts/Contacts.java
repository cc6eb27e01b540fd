/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Provider;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTable.ErrorMappingException;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.rrt.lib.MappingSource;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * To whom people write about a domain's mail: postmaster (RFC 5321, section 4.5.1) and abuse (RFC 2142). The first
 * account of a domain gets them, by aliases, which an administrator may give to another one. In a directory,
 * {@code <contact>} says who.
 */
public final class Contacts {
    private static final Logger LOGGER = LoggerFactory.getLogger(Contacts.class);
    private static final List<String> NAMES = List.of("postmaster", "abuse");

    /** Asked for when it is needed: the tables know the accounts, whose repository knows these. */
    private final Provider<RecipientRewriteTable> mappings;

    @Inject
    Contacts(Provider<RecipientRewriteTable> mappings) {
        this.mappings = mappings;
    }

    /** Whether a local part, in any case, is one of them. */
    public static boolean isOne(String localPart) {
        return NAMES.contains(localPart.toLowerCase(Locale.ROOT));
    }

    /**
     * Gives an account the contacts of its domain that nobody has. What goes wrong is in the log alone: the account is
     * there, and {@code doctor} tells of contacts that reach nobody.
     */
    void give(Username account, UsersRepository users) {
        Optional<Domain> domain = account.getDomainPart();
        if (domain.isEmpty()) {
            return;
        }
        for (String name : NAMES) {
            try {
                if (isNobodys(name, domain.get(), users)) {
                    mappings.get().addAliasMapping(MappingSource.fromUser(name, domain.get()), account.asString());
                    LOGGER.info("Mail for {}@{} goes to {}", name, domain.get().asString(), account.asString());
                }
            } catch (RecipientRewriteTableException | UsersRepositoryException | RuntimeException failure) {
                LOGGER.warn(
                        "Mail for {}@{} could not be given to {}: {}",
                        name,
                        domain.get().asString(),
                        account.asString(),
                        failure.toString());
            }
        }
    }

    private boolean isNobodys(String name, Domain domain, UsersRepository users)
            throws RecipientRewriteTableException, UsersRepositoryException {
        try {
            return !users.contains(Username.fromLocalPartWithDomain(name, domain))
                    && mappings.get().getResolvedMappings(name, domain).isEmpty();
        } catch (ErrorMappingException refused) {
            return false;
        }
    }
}
