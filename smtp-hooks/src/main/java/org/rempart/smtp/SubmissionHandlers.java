/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.james.protocols.lib.handler.HandlersPackage;
import org.apache.james.smtpserver.dsn.DSNEhloHook;
import org.apache.james.smtpserver.dsn.DSNMailParameterHook;
import org.apache.james.smtpserver.dsn.DSNMessageHook;
import org.apache.james.smtpserver.dsn.DSNRcptParameterHook;

/**
 * All handlers of a submission listener (RFC 6409, RFC 8314), where our own clients log in and send: ours in the order in
 * which they protect each other, and behind them {@link CoreHandlers}.
 *
 * <pre>{@code
 * <handlerchain coreHandlersPackage="org.rempart.smtp.SubmissionHandlers"/>
 * }</pre>
 *
 * A {@code <handler>} that stands in the chain is asked before these.
 */
public final class SubmissionHandlers implements HandlersPackage {
    /** Ours, in their order. */
    static final List<Class<?>> OURS = List.of(
            // What was said in clear text doesn't count after STARTTLS: before all that listens to a command.
            SessionGuard.class,
            // Looks at a message's lines before anybody reads them.
            StrictLinesFilter.class,
            QueueSpaceHook.class,
            // Sees what the hooks behind it decide.
            SubmissionAuditHook.class,
            // Asks the hooks that know accounts itself, so before them.
            LoginFailuresHook.class,
            // TLS, then an account, then whose address it is.
            RequireTlsHook.class,
            RequireAuthHook.class,
            RecipientLimitHook.class,
            // Before all that look into a message.
            StructureHook.class,
            OwnSenderHook.class,
            RelayHook.class,
            // Knows addresses that no table knows, and tells the next one.
            ForwardedSenderHook.class,
            KnownRecipientHook.class,
            // RFC 3461: what a sender wants to be told is kept with the mail, for the recipients that were taken.
            DSNEhloHook.class,
            DSNMailParameterHook.class,
            DSNRcptParameterHook.class,
            DSNMessageHook.class,
            // RFC 8689: what must go under TLS all the way.
            RequireTlsParameterHook.class,
            OwnFromHook.class,
            // Shows a message to programs of others, once ours have nothing against it.
            FilterHook.class,
            // Counts what all others would take.
            AccountLimitsHook.class,
            UnusualUseHook.class,
            TlsFactsHook.class);

    @Override
    public List<String> getHandlers() {
        return Stream.concat(OURS.stream().map(Class::getName), new CoreHandlers().getHandlers().stream())
                .collect(Collectors.toList());
    }
}
