/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.protocols.api.BaseRequest;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.smtpserver.JamesRcptCmdHandler;

/**
 * RCPT (RFC 5321, section 4.1.1.3), as James has it, once {@link EnvelopeArgument} and {@link EnvelopeParameters} have
 * nothing against it. One of {@link CoreHandlers}.
 */
public final class RcptCommand extends JamesRcptCmdHandler {
    @Inject
    public RcptCommand(MetricFactory metrics, DomainList domains) {
        super(metrics, domains);
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        try {
            EnvelopeArgument argument = EnvelopeArgument.read("TO", request.getArgument());
            Set<String> offered = getHooks().stream()
                    .flatMap(hook -> hook.supportedParameters().stream())
                    .collect(Collectors.toSet());
            EnvelopeParameters.check(session, argument.parameters(), offered);
            return super.onCommand(
                    session,
                    new BaseRequest(
                            request.getCommand(),
                            EnvelopeParameters.asJamesReadsIt(argument).toString()));
        } catch (EnvelopeArgument.Fault fault) {
            return fault.answer();
        }
    }
}
