/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.util.Objects;
import java.util.Optional;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;

/** An address as a mail program may show it. */
public final class ShownAddress {
    private final String localPart;
    private final String domain;

    /**
     * @param localPart without quotes; empty where a domain stands behind an at sign alone
     * @param domain A-labels in lower case, or an address literal in its brackets; empty where none is written, which many
     *     programs take for the reader's own
     */
    ShownAddress(String localPart, String domain) {
        this.localPart = localPart;
        this.domain = domain;
    }

    public String localPart() {
        return localPart;
    }

    /** A-labels in lower case, or an address literal in its brackets; empty where none is written. */
    public String domain() {
        return domain;
    }

    /** As James has it; empty when it is none that James could deliver to. */
    public Optional<MailAddress> asMailAddress() {
        try {
            return Optional.of(new MailAddress(localPart, domain));
        } catch (AddressException | IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ShownAddress
                && localPart.equals(((ShownAddress) other).localPart)
                && domain.equals(((ShownAddress) other).domain);
    }

    @Override
    public int hashCode() {
        return Objects.hash(localPart, domain);
    }

    @Override
    public String toString() {
        return domain.isEmpty() ? localPart : localPart + '@' + domain;
    }
}
