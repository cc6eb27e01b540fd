/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.esmtp.MailSizeEsmtpExtension;
import org.apache.james.protocols.smtp.hook.HookResult;

/**
 * James's SIZE extension (RFC 1870) with the answers of the RFC: {@code 552 5.3.4} to a size that is too big, however
 * many digits it has, and at the end of a message that was longer than it may be. James answers {@code 501} to the first
 * above 2 GiB, and leaves the enhanced code out of the second. It is one of {@link CoreHandlers}.
 */
public final class MessageSizeHook extends MailSizeEsmtpExtension {
    /** RFC 1870, section 4: at most 20 digits. */
    private static final String SIZE = "\\d{1,20}";

    private static final int DIGITS_OF_INT = 9;

    @Override
    public HookResult doMailParameter(SMTPSession session, String name, String value) {
        if (value == null || !value.matches(SIZE)) {
            return Answers.refuse("501", "5.5.4 SIZE is a number of bytes");
        }
        String digits = value.replaceFirst("^0+(?=\\d)", "");
        boolean unlimited = session.getConfiguration().getMaxMessageSize() <= 0;
        if (digits.length() > DIGITS_OF_INT) {
            return unlimited ? null : tooBig();
        }
        HookResult james = super.doMailParameter(session, name, digits);
        return james == null ? null : tooBig();
    }

    private static HookResult tooBig() {
        return Answers.refuse("552", "5.3.4 Message too big");
    }

    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        Response response = super.onLine(session, line, next);
        return response != null && "552".equals(response.getRetCode()) ? Answers.TOO_BIG : response;
    }
}
