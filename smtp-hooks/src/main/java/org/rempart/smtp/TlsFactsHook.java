/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import javax.net.ssl.SSLSession;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;

/**
 * Records on each mail the TLS version and cipher that it came over, under the names that James 3.9 uses. Mail that came
 * in clear text has neither.
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.TlsFactsHook"/>
 * }</pre>
 */
public final class TlsFactsHook implements ListenerHook, JamesMessageHook {
    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Transaction.of(session).tls().ifPresent(tls -> record(mail, tls));
        return HookResult.DECLINED;
    }

    private static void record(Mail mail, SSLSession tls) {
        mail.setAttribute(new Attribute(MailAttributes.TLS_PROTOCOL, AttributeValue.of(tls.getProtocol())));
        mail.setAttribute(new Attribute(MailAttributes.TLS_CIPHER, AttributeValue.of(tls.getCipherSuite())));
    }
}
