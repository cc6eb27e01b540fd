/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.policy.DomainNames;

/**
 * Whether a domain that a message names is ours: one that we receive mail for, or the name or address of this server. Each
 * name is looked up once, and not more than {@value #MOST_LOOKUPS} for a message.
 */
final class OurNames {
    /** More than the originators of any message name; each may be a question to a directory. */
    static final int MOST_LOOKUPS = 50;

    private static final Set<String> THIS_MACHINE = machine();

    private final DomainList domains;
    private final Set<String> server = new HashSet<>(THIS_MACHINE);
    private final Map<String, Boolean> known = new HashMap<>();
    private boolean all = true;

    OurNames(DomainList domains, SMTPSession session) {
        this.domains = domains;
        server.add(DomainNames.comparable(session.getConfiguration().getHelloName()));
        InetAddress local = session.getLocalAddress().getAddress();
        server.add("[" + local.getHostAddress().toLowerCase(Locale.ROOT) + "]");
        server.add("[ipv6:" + local.getHostAddress().toLowerCase(Locale.ROOT) + "]");
    }

    /** A name without a dot is nobody's on the internet, and of no use here. */
    private static Set<String> machine() {
        Set<String> names = new HashSet<>(Set.of("localhost", "localhost.localdomain", "[127.0.0.1]", "[ipv6:::1]"));
        try {
            String name = DomainNames.comparable(InetAddress.getLocalHost().getCanonicalHostName());
            if (name.indexOf('.') > 0 && !name.matches("[0-9.]*")) {
                names.add(name);
            }
        } catch (UnknownHostException nameless) {
            // Then nobody writes as it.
        }
        return Set.copyOf(names);
    }

    /**
     * Whether the domain is ours; no when there were too many questions, and then not {@link #askedAll}.
     *
     * @param domain as {@link DomainNames#comparable} has it
     */
    boolean holds(String domain) throws DomainListException {
        if (server.contains(domain)) {
            return true;
        }
        if (domain.isEmpty() || domain.length() > DomainNames.LONGEST || domain.startsWith("[")) {
            return false;
        }
        Boolean answer = known.get(domain);
        if (answer == null) {
            if (known.size() == MOST_LOOKUPS) {
                all = false;
                return false;
            }
            // Who added the domain may have written it in letters of his own.
            String letters = DomainNames.unicode(domain);
            answer = isListed(domain) || (!letters.equals(domain) && isListed(letters));
            known.put(domain, answer);
        }
        return answer;
    }

    private boolean isListed(String name) throws DomainListException {
        Domain domain;
        try {
            domain = Domain.of(name);
        } catch (IllegalArgumentException noDomain) {
            return false;
        }
        return domains.containsDomain(domain);
    }

    /** Whether every question so far had an answer. */
    boolean askedAll() {
        return all;
    }
}
