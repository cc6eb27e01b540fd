/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.base.GenericRecipientMatcher;

/**
 * Matches the recipients whose domain is not one of ours.
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.RecipientIsRemote" class="org.rempart.mailet.StripHeaders"/>
 * }</pre>
 *
 * It takes no condition.
 */
public final class RecipientIsRemote extends GenericRecipientMatcher {
    @Override
    public void init() throws MessagingException {
        Conditions.refuse("RecipientIsRemote", getCondition());
    }

    @Override
    public boolean matchRecipient(MailAddress recipient) {
        return !getMailetContext().isLocalServer(recipient.getDomain());
    }

    @Override
    public String getMatcherInfo() {
        return "Matches the recipients whose domain is not one of ours";
    }
}
