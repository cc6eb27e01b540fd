/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.mail.internet.AddressException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.submission.Delegation;

/** Reads {@code <delegate>}. */
final class DelegationReader {
    private static final String RIGHT = "write <delegate account=\"assistant@example.com\" as=\"boss@example.com\"/>";

    private DelegationReader() {}

    static Delegation read(XmlElement delegate) throws PolicyException {
        Optional<String> account = delegate.attribute("account");
        Optional<String> members = delegate.attribute("members");
        if (account.isEmpty() && members.isEmpty()) {
            throw delegate.fault("<delegate> says nothing of who may write", RIGHT);
        }
        Set<String> accounts = new LinkedHashSet<>();
        if (account.isPresent()) {
            for (String name : delegate.list(account.get(), "accounts")) {
                accounts.add(name.toLowerCase(Locale.ROOT));
            }
        }
        List<String> groups = new ArrayList<>();
        if (members.isPresent()) {
            for (String group : delegate.list(members.get(), "groups")) {
                groups.add(address(delegate, group));
            }
        }
        Set<String> addresses = new LinkedHashSet<>();
        for (String as : delegate.list(delegate.required("as", RIGHT), "addresses")) {
            addresses.add(as.startsWith(Delegation.ANY) ? domain(delegate, as) : address(delegate, as));
        }
        return Delegation.of(accounts, groups, addresses, delegate.rule());
    }

    private static String address(XmlElement delegate, String written) throws PolicyException {
        try {
            return new MailAddress(written).asString().toLowerCase(Locale.ROOT);
        } catch (AddressException | IllegalArgumentException noAddress) {
            throw delegate.fault(Wording.quoted(written) + " is no mail address", RIGHT);
        }
    }

    private static String domain(XmlElement delegate, String written) throws PolicyException {
        try {
            return Delegation.ANY
                    + Domain.of(written.substring(Delegation.ANY.length())).asString();
        } catch (IllegalArgumentException noDomain) {
            throw delegate.fault(
                    Wording.quoted(written) + " names no domain", "write *@example.com for all of a domain");
        }
    }
}
