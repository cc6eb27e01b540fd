/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTable.ErrorMappingException;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.forwards.SubaddressPolicy;

/**
 * Which addresses of ours there are, and which of them are others with a detail (RFC 5233): one answer for senders and
 * recipients, and for what aliases lead to. An address is a subaddress only where {@code <subaddresses>} of the policy says
 * so and nobody has that very address.
 *
 * <p>Each question throws {@link DirectoryException} when accounts, domains or mappings can't be asked.
 */
public final class OurAddresses {
    /** What says of all addresses of a domain that they are to be looked for in another. */
    private static final EnumSet<Mapping.Type> OF_DOMAINS = EnumSet.of(Mapping.Type.DomainAlias, Mapping.Type.Domain);

    private static final EnumSet<Mapping.Type> OF_ADDRESSES = EnumSet.complementOf(OF_DOMAINS);

    /** The directory could not be asked. */
    public static final class DirectoryException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public DirectoryException(Exception cause) {
            super(cause);
        }
    }

    private final UsersRepository users;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private final SubaddressPolicy subaddresses;

    public OurAddresses(
            UsersRepository users, RecipientRewriteTable mappings, DomainList domains, SubaddressPolicy subaddresses) {
        this.users = users;
        this.mappings = mappings;
        this.domains = domains;
        this.subaddresses = subaddresses;
    }

    /**
     * The name that an account with that very address has. James 3.9 leaves out what follows a {@code +}, whether or not that
     * is a detail here.
     *
     * @throws IllegalArgumentException when no account can have it
     */
    public Username accountOf(MailAddress address) throws UsersRepositoryException {
        if (address.getLocalPart().indexOf('+') < 0) {
            return users.getUsername(address);
        }
        return Username.of(users.supportVirtualHosting() ? address.asString() : address.getLocalPart());
    }

    /** Whether the address's domain is one of ours. */
    public boolean isOurs(MailAddress address) {
        try {
            return domains.containsDomain(address.getDomain());
        } catch (DomainListException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    /**
     * Whether mail to an address of ours goes to somebody: it is an account's, or the recipient rewrite tables map it (to an
     * error, too, which is told in the pipeline), or it is a subaddress of such a one.
     */
    public boolean isKnown(MailAddress address) {
        return isSomebodys(address) || base(address).filter(this::isSomebodys).isPresent();
    }

    /** The address that this one is a subaddress of, which may be nobody's; empty when it is none. */
    public Optional<MailAddress> withoutDetail(MailAddress address) {
        return base(address).filter(base -> !isSomebodys(address));
    }

    /** Whether mail to that very address goes to somebody, in the domain that its own is an alias of, too. */
    public boolean isSomebodys(MailAddress address) {
        try {
            if (isAccountOrMapped(address)) {
                return true;
            }
            for (Mapping elsewhere :
                    mappings.getResolvedMappings(address.getLocalPart(), address.getDomain(), OF_DOMAINS)) {
                Optional<MailAddress> there = elsewhere.asMailAddress();
                if (there.isPresent() && isAccountOrMapped(there.get())) {
                    return true;
                }
            }
            return false;
        } catch (ErrorMappingException toAnError) {
            return true;
        } catch (IllegalArgumentException noName) {
            // "u@elsewhere"@ours.example: no account and no mapping can have such a name.
            return false;
        } catch (UsersRepositoryException | RecipientRewriteTableException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    /**
     * Where mail goes whose recipient no table maps (any more): for a subaddress, where its base leads, as far as the tables
     * map it; else to the address itself.
     *
     * @return one address or more; a subaddress of nobody, or of what is mapped to an error, is itself
     */
    public Set<MailAddress> destinations(MailAddress recipient) {
        Set<MailAddress> destinations = new LinkedHashSet<>();
        follow(recipient, new ArrayDeque<>(), new HashSet<>(), destinations);
        return destinations;
    }

    /**
     * Follows an address.
     *
     * @param above the bases that lead to it
     * @param followed all bases that were followed
     */
    private void follow(
            MailAddress address, Deque<MailAddress> above, Set<MailAddress> followed, Set<MailAddress> destinations) {
        Optional<MailAddress> base = base(address).filter(this::isOurs).filter(ours -> !isSomebodys(address));
        if (base.isEmpty()) {
            destinations.add(address);
            return;
        }
        // What leads to itself again ends in its mailbox.
        boolean round = above.contains(base.get());
        if (!round && !followed.add(base.get())) {
            return;
        }
        Optional<Set<MailAddress>> mapped = mapped(base.get());
        if (round || mapped.isEmpty() || mapped.get().isEmpty()) {
            destinations.add(mapped.isPresent() && isAccount(base.get()) ? base.get() : address);
            return;
        }
        above.push(base.get());
        mapped.get().forEach(target -> follow(target, above, followed, destinations));
        above.pop();
    }

    private Optional<MailAddress> base(MailAddress address) {
        return subaddresses.withoutDetail(address.getLocalPart()).flatMap(local -> {
            try {
                return Optional.of(new MailAddress(local, address.getDomain().asString()));
            } catch (AddressException noAddress) {
                return Optional.empty();
            }
        });
    }

    /** @return empty when the tables map the address to an error */
    private Optional<Set<MailAddress>> mapped(MailAddress address) {
        try {
            Set<MailAddress> targets = new LinkedHashSet<>();
            for (Mapping mapping : mappings.getResolvedMappings(address.getLocalPart(), address.getDomain())) {
                mapping.asMailAddress().ifPresent(targets::add);
            }
            return Optional.of(targets);
        } catch (ErrorMappingException toAnError) {
            return Optional.empty();
        } catch (RecipientRewriteTableException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    private boolean isAccount(MailAddress address) {
        try {
            return users.contains(accountOf(address));
        } catch (IllegalArgumentException noName) {
            return false;
        } catch (UsersRepositoryException | RuntimeException unknown) {
            throw new DirectoryException(unknown);
        }
    }

    private boolean isAccountOrMapped(MailAddress address)
            throws UsersRepositoryException, RecipientRewriteTableException, ErrorMappingException {
        // The tables first: CanSendFrom says no where they can't be read, and who asks it next has to know.
        return !mappings.getResolvedMappings(address.getLocalPart(), address.getDomain(), OF_ADDRESSES)
                        .isEmpty()
                || users.contains(accountOf(address));
    }
}
