/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTable.ErrorMappingException;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.Decision;
import org.rempart.policy.submission.Delegation;

/**
 * Which addresses are an account's own: the account's address, its aliases, and what James's {@link CanSendFrom} lets it
 * send as; with any detail behind a {@code +} in the local part (RFC 5233), unless that very address belongs to somebody
 * else.
 */
final class OwnAddresses {
    private static final char DETAIL = '+';

    /** What says of all addresses of a domain that they are to be looked for in another. */
    private static final EnumSet<Mapping.Type> OF_DOMAINS = EnumSet.of(Mapping.Type.DomainAlias, Mapping.Type.Domain);

    private static final EnumSet<Mapping.Type> OF_ADDRESSES = EnumSet.complementOf(OF_DOMAINS);

    /** The directory could not be asked. */
    static final class DirectoryException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private DirectoryException(Exception cause) {
            super(cause);
        }
    }

    private final UsersRepository users;
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;

    OwnAddresses(UsersRepository users, CanSendFrom canSendFrom, RecipientRewriteTable mappings, DomainList domains) {
        this.users = users;
        this.canSendFrom = canSendFrom;
        this.mappings = mappings;
        this.domains = domains;
    }

    /**
     * Whether the address's domain is one of ours.
     *
     * @throws DirectoryException when the domains can't be asked
     */
    boolean isOurs(MailAddress address) {
        try {
            return domains.containsDomain(address.getDomain());
        } catch (DomainListException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    /**
     * Whether the address is the account's own.
     *
     * @throws DirectoryException when the directory can't be asked
     */
    boolean owns(Username account, MailAddress address) {
        try {
            return isTheAccounts(account, address)
                    || isSubAddress(
                            account, address.getLocalPart(), address.getDomain().asString(), address);
        } catch (IllegalArgumentException noUsername) {
            // An address that no account can have, such as one with an @ in its local part.
            return false;
        } catch (UsersRepositoryException
                | RecipientRewriteTableException
                | DomainListException
                | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    /**
     * What was decided of an address; when it was refused, the leave of the first delegation that lets the account write as
     * it all the same.
     *
     * @throws DirectoryException when the directory can't be asked
     */
    Decision<Boolean> orDelegated(
            Decision<Boolean> decision, List<Delegation> delegations, Username account, MailAddress address) {
        if (decision.verdict()) {
            return decision;
        }
        String asked = address.asString().toLowerCase(Locale.ROOT);
        return delegations.stream()
                .filter(delegation ->
                        delegation.allows(account.asString(), asked, group -> isReachedBy(group, account)))
                .findFirst()
                .map(delegation -> Decision.of(true, delegation.rule()))
                .orElse(decision);
    }

    private boolean isReachedBy(String group, Username account) {
        try {
            MailAddress address = new MailAddress(group);
            for (Mapping mapping : mappings.getResolvedMappings(address.getLocalPart(), address.getDomain())) {
                Optional<MailAddress> member = mapping.asMailAddress();
                if (member.isPresent() && users.getUsername(member.get()).equals(account)) {
                    return true;
                }
            }
            return false;
        } catch (AddressException | ErrorMappingException nobody) {
            return false;
        } catch (UsersRepositoryException | RecipientRewriteTableException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    private boolean isTheAccounts(Username account, MailAddress address)
            throws UsersRepositoryException, DomainListException {
        // Without virtual hosting, the account's name is the local part alone, of any domain.
        return (users.getUsername(address).equals(account) && domains.containsDomain(address.getDomain()))
                || canSendFrom.userCanSendFrom(account, Username.of(address.asString()));
    }

    private boolean isSubAddress(Username account, String localPart, String domain, MailAddress address)
            throws UsersRepositoryException, RecipientRewriteTableException, DomainListException {
        int detail = localPart.indexOf(DETAIL);
        // CanSendFrom answers no where the tables can't be read: asking them here tells one from the other.
        boolean belongsToSomebody = belongsToSomebody(address);
        return detail > 0
                && !belongsToSomebody
                && isTheAccounts(account, addressOf(localPart.substring(0, detail), domain));
    }

    /** Whether mail to that very address goes to somebody, in the domain that its own is an alias of, too. */
    private boolean belongsToSomebody(MailAddress address)
            throws UsersRepositoryException, RecipientRewriteTableException {
        try {
            if (isSomebodys(address)) {
                return true;
            }
            for (Mapping elsewhere :
                    mappings.getResolvedMappings(address.getLocalPart(), address.getDomain(), OF_DOMAINS)) {
                Optional<MailAddress> there = elsewhere.asMailAddress();
                if (there.isPresent() && isSomebodys(there.get())) {
                    return true;
                }
            }
            return false;
        } catch (ErrorMappingException toAnError) {
            return true;
        }
    }

    private boolean isSomebodys(MailAddress address)
            throws UsersRepositoryException, RecipientRewriteTableException, ErrorMappingException {
        return !mappings.getResolvedMappings(address.getLocalPart(), address.getDomain(), OF_ADDRESSES)
                        .isEmpty()
                || users.contains(users.getUsername(address));
    }

    private static MailAddress addressOf(String localPart, String domain) {
        try {
            return new MailAddress(localPart, domain);
        } catch (AddressException impossible) {
            throw new IllegalArgumentException(impossible);
        }
    }
}
