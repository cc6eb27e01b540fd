/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.esmtp.EhloExtension;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailParametersHook;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Mail;
import org.rempart.message.RequireTls;

/**
 * Takes mail that must go under TLS all the way: the extension REQUIRETLS (RFC 8689). It is offered under TLS, on a server
 * whose delivery keeps the promise (SecureRemoteDelivery), and {@link MailCommand} answers 555 to who uses it elsewhere.
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RequireTlsParameterHook"/>
 * }</pre>
 */
public final class RequireTlsParameterHook
        implements ListenerHook, EhloExtension, MailParametersHook, JamesMessageHook {
    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    /** Whether it is offered to the client now. */
    static boolean isOffered(SMTPSession session) {
        return RequireTls.isKept() && SmtpFacts.tls(session).isPresent();
    }

    @Override
    public List<String> getImplementedEsmtpFeatures(SMTPSession session) {
        return isOffered(session) ? List.of(RequireTls.KEYWORD) : List.of();
    }

    @Override
    public String[] getMailParamNames() {
        return new String[] {RequireTls.KEYWORD};
    }

    @Override
    public HookResult doMailParameter(SMTPSession session, String name, String value) {
        Transaction.of(session).requireTls();
        return HookResult.DECLINED;
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        if (Transaction.of(session).requiresTls()) {
            mail.setAttribute(RequireTls.attribute());
        }
        return HookResult.DECLINED;
    }
}
