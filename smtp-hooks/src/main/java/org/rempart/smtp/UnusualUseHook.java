/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import javax.inject.Inject;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.Hook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookResultHook;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.rempart.policy.server.ServerPolicy;

/**
 * Notices a burst of recipients that are refused to an account, as {@code <unusual refused="…"/>} of the policy says. For
 * submission listeners, anywhere:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.UnusualUseHook"/>
 * }</pre>
 *
 * The other sign, logins from many networks, is noticed where logins are: in {@link LoginFailuresHook}.
 */
public final class UnusualUseHook extends PolicyHook implements HookResultHook {
    private final UnusualUseWatch watch;

    @Inject
    UnusualUseHook(UnusualUseWatch watch, ServerPolicy server) {
        super(server);
        this.watch = watch;
    }

    @Override
    public HookResult onHookResult(SMTPSession session, HookResult result, long executionTime, Hook hook) {
        if (hook instanceof RcptHook && result.getResult().getAction() == HookReturnCode.Action.DENY) {
            Transaction.of(session)
                    .account()
                    .ifPresent(account -> watch.refused(session, account, policy().submission()));
        }
        return result;
    }

    /** What is in memory alone is written down before the server ends. */
    @Override
    public void destroy() {
        watch.flush();
    }
}
