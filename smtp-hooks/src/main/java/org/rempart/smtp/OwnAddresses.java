/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

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
import org.rempart.message.OurAddresses;
import org.rempart.message.OurAddresses.DirectoryException;
import org.rempart.policy.Decision;
import org.rempart.policy.forwards.SubaddressPolicy;
import org.rempart.policy.submission.Delegation;

/**
 * Which addresses are an account's own: the account's address, its aliases, and what James's {@link CanSendFrom} lets it
 * send as; with any detail in the local part that {@link OurAddresses} gives to them.
 */
final class OwnAddresses {
    private final UsersRepository users;
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private final OurAddresses ours;

    OwnAddresses(
            UsersRepository users,
            CanSendFrom canSendFrom,
            RecipientRewriteTable mappings,
            DomainList domains,
            SubaddressPolicy subaddresses) {
        this.users = users;
        this.canSendFrom = canSendFrom;
        this.mappings = mappings;
        this.domains = domains;
        this.ours = new OurAddresses(users, mappings, domains, subaddresses);
    }

    /**
     * Whether the address's domain is one of ours.
     *
     * @throws DirectoryException when the domains can't be asked
     */
    boolean isOurs(MailAddress address) {
        return ours.isOurs(address);
    }

    /**
     * Whether the address is the account's own.
     *
     * @throws DirectoryException when the directory can't be asked
     */
    boolean owns(Username account, MailAddress address) {
        try {
            // CanSendFrom answers no where the tables can't be read: isSomebodys tells one from the other.
            return isTheAccounts(account, address)
                    || (!ours.isSomebodys(address)
                            && ours.withoutDetail(address)
                                    .filter(base -> isTheAccounts(account, base))
                                    .isPresent());
        } catch (IllegalArgumentException noUsername) {
            // An address that no account can have, such as one with an @ in its local part.
            return false;
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
                if (member.isPresent() && isReachedAt(member.get(), account)) {
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

    private boolean isReachedAt(MailAddress address, Username account) throws UsersRepositoryException {
        return users.getUsername(address).equals(account)
                || users.getUsername(ours.withoutDetail(address).orElse(address))
                        .equals(account);
    }

    private boolean isTheAccounts(Username account, MailAddress address) {
        try {
            // Without virtual hosting, the account's name is the local part alone, of any domain.
            return (users.getUsername(address).equals(account) && domains.containsDomain(address.getDomain()))
                    || canSendFrom.userCanSendFrom(account, Username.of(address.asString()));
        } catch (IllegalArgumentException noUsername) {
            throw noUsername;
        } catch (UsersRepositoryException | DomainListException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }
}
