/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.tls.TlsLevel;

/**
 * Matches the recipients whose domain has one of these TLS levels by the policy's {@code <outbound>}:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.TlsLevelIs=encrypt, verify" class="ToProcessor">
 * }</pre>
 *
 * The condition is a list of {@code none}, {@code opportunistic}, {@code encrypt}, {@code verify}, {@code secure},
 * {@code fingerprint}, {@code dane} and {@code dane-only}.
 */
public final class TlsLevelIs extends PolicyMatcher {
    private static final String LEVELS =
            Stream.of(TlsLevel.values()).map(TlsLevel::keyword).collect(Collectors.joining(", "));

    private final Set<TlsLevel> levels = EnumSet.noneOf(TlsLevel.class);

    @Inject
    public TlsLevelIs(ServerPolicy server) {
        super(server);
    }

    @Override
    public void init() throws MessagingException {
        super.init();
        if (Conditions.isAbsent(getCondition())) {
            throw new MessagingException("TlsLevelIs needs a level; write TlsLevelIs=verify, or several of " + LEVELS);
        }
        for (String keyword : Conditions.list(getCondition())) {
            levels.add(TlsLevel.ofKeyword(keyword)
                    .orElseThrow(() -> fault("\"" + keyword + "\" is not a level", "the levels are " + LEVELS)));
        }
    }

    @Override
    public Collection<MailAddress> match(Mail mail) {
        return mail.getRecipients().stream()
                .filter(recipient -> levels.contains(
                        policy().tls().outbound(recipient.getDomain()).verdict().level()))
                .collect(Collectors.toList());
    }

    @Override
    public String getMatcherInfo() {
        return "Matches the recipients whose domain has one of the TLS levels " + levels;
    }
}
