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
import org.apache.james.protocols.smtp.SMTPSession;
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
import org.rempart.policy.Rule;
import org.rempart.policy.file.Policy;
import org.rempart.policy.submission.SubmissionPolicy;

/**
 * Which addresses are an account's own: the account's address, its aliases, and what James's {@link CanSendFrom} lets it
 * send as; with any detail in the local part that {@link OurAddresses} gives to them.
 */
final class OwnAddresses {
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private final OurAddresses ours;
    private final SubmissionPolicy submission;

    OwnAddresses(
            UsersRepository users,
            CanSendFrom canSendFrom,
            RecipientRewriteTable mappings,
            DomainList domains,
            Policy policy) {
        this.canSendFrom = canSendFrom;
        this.mappings = mappings;
        this.domains = domains;
        this.ours = new OurAddresses(users, mappings, domains, policy.subaddresses());
        this.submission = policy.submission();
    }

    /**
     * Whether the account may use the address as envelope sender, by {@code <identity>} or a {@code <delegate>} of the policy.
     *
     * @throws DirectoryException when the directory can't be asked
     */
    Decision<Boolean> mayBeSender(Username account, MailAddress address) {
        return orDelegated(
                submission.identity().decideEnvelope(() -> owns(account, address), () -> ours.isOurs(address)),
                account,
                address);
    }

    /** The same for an address in From, Sender, Resent-From or Resent-Sender. */
    Decision<Boolean> mayBeShown(Username account, MailAddress address) {
        return orDelegated(
                submission.identity().decideHeader(() -> owns(account, address), () -> ours.isOurs(address)),
                account,
                address);
    }

    /**
     * Notes that a message was refused since it is not from its account, and says so in the trail.
     *
     * @param where {@code envelope} or {@code header}
     * @param addresses those that are not the account's
     */
    static void refused(SMTPSession session, String where, List<String> addresses, String reason, Rule rule) {
        AuditTrail.event("identity-refused", session)
                .with("where", where)
                .with("addresses", addresses)
                .with("reason", reason)
                .rule(rule)
                .log();
        Transaction.of(session).refuse(rule);
    }

    private boolean owns(Username account, MailAddress address) {
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

    /** The decision; when it was no, the leave of the first delegation that lets the account write as the address. */
    private Decision<Boolean> orDelegated(Decision<Boolean> decision, Username account, MailAddress address) {
        if (decision.verdict()) {
            return decision;
        }
        String asked = address.asString().toLowerCase(Locale.ROOT);
        return submission.delegations().stream()
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
        return ours.accountOf(address).equals(account)
                || ours.accountOf(ours.withoutDetail(address).orElse(address)).equals(account);
    }

    private boolean isTheAccounts(Username account, MailAddress address) {
        try {
            // Without virtual hosting, the account's name is the local part alone, of any domain.
            return (ours.accountOf(address).equals(account) && domains.containsDomain(address.getDomain()))
                    || canSendFrom.userCanSendFrom(account, Username.of(address.asString()));
        } catch (IllegalArgumentException noUsername) {
            throw noUsername;
        } catch (UsersRepositoryException | DomainListException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }
}
