/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.inject.Inject;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.protocols.api.BaseRequest;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.MailParametersHook;
import org.apache.james.smtpserver.JamesMailCmdHandler;
import org.rempart.message.RequireTls;

/**
 * MAIL (RFC 5321, section 4.1.1.2), as James has it, once {@link EnvelopeArgument} and {@link EnvelopeParameters} have
 * nothing against it. While a transaction is open, it is answered {@code 503 5.5.1} and changes nothing (section 4.1.4). One of {@link CoreHandlers}.
 */
public final class MailCommand extends JamesMailCmdHandler {
    private static final String AUTH = "AUTH";
    private static final Response OPEN = Answers.answer("503", "5.5.1 Sender already specified");

    private Set<String> offered = Set.of();

    @Inject
    public MailCommand(MetricFactory metrics, DomainList domains) {
        super(metrics, domains);
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        if (Transaction.isOpen(session)) {
            // James would forget the sender here, and go on with the recipients for the next one.
            return OPEN;
        }
        try {
            EnvelopeArgument argument = EnvelopeArgument.read("FROM", request.getArgument());
            EnvelopeParameters.check(session, argument.parameters(), offered(session));
            return super.onCommand(session, new BaseRequest(request.getCommand(), argument.toString()));
        } catch (EnvelopeArgument.Fault fault) {
            return fault.answer();
        }
    }

    /** AUTH= belongs to the extension of that name (RFC 4954, section 5), REQUIRETLS to what is under TLS (RFC 8689). */
    private Set<String> offered(SMTPSession session) {
        Set<String> now = new HashSet<>(offered);
        if (!session.isAuthAnnounced() && session.getUsername() == null) {
            now.remove(AUTH);
        }
        if (!RequireTlsParameterHook.isOffered(session)) {
            now.remove(RequireTls.KEYWORD);
        }
        return now;
    }

    @Override
    @SuppressWarnings({"rawtypes", "unchecked"}) // As the method that it overrides.
    public void wireExtensions(Class interfaceName, List extension) {
        super.wireExtensions(interfaceName, extension);
        if (MailParametersHook.class.equals(interfaceName)) {
            Set<String> names = new HashSet<>();
            // RFC 6152: EHLO offers 8BITMIME, and nothing has to be done for it.
            names.add("BODY");
            for (Object hook : extension) {
                names.addAll(List.of(((MailParametersHook) hook).getMailParamNames()));
            }
            offered = names;
        }
    }
}
