/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.message.MailAttributes;

/**
 * Matches the recipients outside whom an alias, group or forward of ours has added: the mail was not addressed to them.
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.IsForwarded" class="org.rempart.mailet.RewriteForwardedSender"/>
 * }</pre>
 *
 * {@code org.rempart.mailet.BeforeForwarding} has to stand before {@code RecipientRewriteTable}; without it nothing matches.
 * It takes no condition.
 */
public final class IsForwarded extends GenericMatcher {
    @Override
    public void init() throws MessagingException {
        Conditions.refuse("IsForwarded", getCondition());
    }

    @Override
    public Collection<MailAddress> match(Mail mail) {
        return forwarded(mail, getMailetContext()).orElse(List.of());
    }

    /** The recipients whom the mail was not addressed to; empty where nobody has noted whom it was. */
    static Optional<Collection<MailAddress>> forwarded(Mail mail, MailetContext context) {
        Optional<Set<String>> addressed = mail.getAttribute(MailAttributes.ADDRESSED)
                .map(noted -> noted.getValue().value())
                .filter(Collection.class::isInstance)
                .map(noted -> ((Collection<?>) noted)
                        .stream().flatMap(IsForwarded::text).collect(Collectors.toSet()));
        return addressed.map(those -> mail.getRecipients().stream()
                .filter(recipient ->
                        !context.isLocalServer(recipient.getDomain()) && !those.contains(recipient.asString()))
                .collect(Collectors.toList()));
    }

    private static Stream<String> text(Object noted) {
        return noted instanceof AttributeValue
                ? ((AttributeValue<?>) noted).valueAs(String.class).stream()
                : Stream.empty();
    }

    @Override
    public String getMatcherInfo() {
        return "Matches the recipients outside whom an alias or a forward of ours has added";
    }
}
