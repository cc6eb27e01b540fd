/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.james.protocols.lib.handler.HandlersPackage;
import org.apache.james.protocols.smtp.core.PostmasterAbuseRcptHook;
import org.apache.james.protocols.smtp.core.ReceivedDataLineFilter;
import org.apache.james.protocols.smtp.core.esmtp.AuthCmdHandler;
import org.apache.james.protocols.smtp.core.esmtp.MailSizeEsmtpExtension;
import org.apache.james.smtpserver.AuthRequiredToRelayRcptHook;
import org.apache.james.smtpserver.CoreCmdHandlerLoader;
import org.apache.james.smtpserver.JamesMailCmdHandler;
import org.apache.james.smtpserver.JamesRcptCmdHandler;
import org.apache.james.smtpserver.SendMailHandler;
import org.apache.james.smtpserver.UsersRepositoryAuthHook;

/**
 * James's own SMTP handlers, whatever its version has, but with our trace field instead of James's (which names the
 * product and looks the client's name up in DNS, mail by mail), with MAIL, RCPT and AUTH by the letter, with our login, which tells a wrong password from accounts
 * that can't be asked, with our answers to what is too big, can't be stored or
 * can't be decided, and without the hook that takes mail for postmaster at any domain:
 *
 * <pre>{@code
 * <handlerchain coreHandlersPackage="org.rempart.smtp.CoreHandlers">
 * }</pre>
 */
public final class CoreHandlers implements HandlersPackage {
    private static final Map<String, String> OURS = Map.of(
            JamesMailCmdHandler.class.getName(), MailCommand.class.getName(),
            JamesRcptCmdHandler.class.getName(), RcptCommand.class.getName(),
            AuthCmdHandler.class.getName(), AuthCommand.class.getName(),
            ReceivedDataLineFilter.class.getName(), ReceivedFilter.class.getName(),
            MailSizeEsmtpExtension.class.getName(), MessageSizeHook.class.getName(),
            SendMailHandler.class.getName(), SpoolHook.class.getName(),
            UsersRepositoryAuthHook.class.getName(), AccountLoginHook.class.getName(),
            AuthRequiredToRelayRcptHook.class.getName(), RelayBackstop.class.getName());

    @Override
    public List<String> getHandlers() {
        return new CoreCmdHandlerLoader()
                .getHandlers().stream().flatMap(CoreHandlers::ours).collect(Collectors.toList());
    }

    private static Stream<String> ours(String handler) {
        if (handler.equals(PostmasterAbuseRcptHook.class.getName())) {
            return Stream.empty();
        }
        return Stream.of(OURS.getOrDefault(handler, handler));
    }
}
