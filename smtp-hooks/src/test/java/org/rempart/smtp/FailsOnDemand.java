/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.function.Supplier;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Mail;

/** A handler of somebody else that may have a fault, or refuse. */
public final class FailsOnDemand implements JamesMessageHook {
    /** What it does with a message. */
    static volatile Supplier<HookResult> behaviour = () -> HookResult.DECLINED;

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        return behaviour.get();
    }
}
