/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.james.protocols.lib.handler.HandlersPackage;
import org.apache.james.protocols.smtp.core.PostmasterAbuseRcptHook;
import org.apache.james.protocols.smtp.core.ReceivedDataLineFilter;
import org.apache.james.smtpserver.CoreCmdHandlerLoader;

/**
 * James's own SMTP handlers, whatever its version has, but with our trace field instead of James's (which names the
 * product and looks the client's name up in DNS, mail by mail), and without the hook that takes mail for postmaster at
 * any domain:
 *
 * <pre>{@code
 * <handlerchain coreHandlersPackage="org.rempart.smtp.CoreHandlers">
 * }</pre>
 */
public final class CoreHandlers implements HandlersPackage {
    @Override
    public List<String> getHandlers() {
        return new CoreCmdHandlerLoader()
                .getHandlers().stream().flatMap(CoreHandlers::ours).collect(Collectors.toList());
    }

    private static Stream<String> ours(String handler) {
        if (handler.equals(ReceivedDataLineFilter.class.getName())) {
            return Stream.of(ReceivedFilter.class.getName());
        }
        return handler.equals(PostmasterAbuseRcptHook.class.getName()) ? Stream.empty() : Stream.of(handler);
    }
}
