/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.Collection;
import java.util.List;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.message.MailAttributes;

/**
 * Matches mail that came over TLS, as {@code org.rempart.smtp.TlsFactsHook}, or James 3.9, recorded it.
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.SubmittedOverTls" class="…">
 * }</pre>
 *
 * It takes no condition. Mail that did not come by SMTP does not match.
 */
public final class SubmittedOverTls extends GenericMatcher {
    @Override
    public void init() throws MessagingException {
        Conditions.refuse("SubmittedOverTls", getCondition());
    }

    @Override
    public Collection<MailAddress> match(Mail mail) {
        return mail.getAttribute(MailAttributes.TLS_PROTOCOL).isPresent() ? mail.getRecipients() : List.of();
    }

    @Override
    public String getMatcherInfo() {
        return "Matches mail that came over TLS";
    }
}
