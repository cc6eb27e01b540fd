/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import org.apache.james.core.MailAddress;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.smtp.SMTPResponse;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.slf4j.Logger;

/**
 * What clients are told. The texts name neither hosts nor products nor rules: who is refused learns that he is, and the
 * audit trail says why.
 */
final class Answers {
    static final Response STARTTLS_FIRST = answer("530", "5.7.0 Must issue a STARTTLS command first");
    static final Response AUTHENTICATE_FIRST = answer("530", "5.7.0 Authentication required");
    static final Response ENCRYPTION_FOR_AUTH =
            answer("538", "5.7.11 Encryption required for requested authentication mechanism");
    static final Response AUTH_NOT_OFFERED = answer("503", "5.5.1 AUTH is not available here");
    static final Response CONTROL_CHARACTERS = answer("500", "5.5.2 Control characters are not allowed in a command");
    static final Response BARE_LF_IN_COMMAND = answer("500", "5.5.2 A command ends with CRLF");
    static final Response INJECTED = lastAnswer("421", "4.7.0 Command sent in clear text after STARTTLS");
    static final Response BARE_LINE_END = lastAnswer("554", "5.5.2 Bare CR or LF in the message; lines end with CRLF");
    static final Response NUL = lastAnswer("554", "5.5.2 NUL in the message");
    static final Response HEADER_TOO_LONG = answer("554", "5.6.0 The message header is too long");
    static final Response LINE_TOO_LONG = answer("554", "5.6.0 The message has a line that is too long");
    static final Response NO_PARAMETER = answer("501", "5.5.4 This command takes no parameter");
    static final Response STARTTLS_OUT_OF_PLACE = answer("503", "5.5.1 STARTTLS comes before TLS and AUTH");
    static final Response STARTTLS_TOO_LATE = answer("503", "5.5.1 STARTTLS comes before the first message");
    static final Response CANNOT_DECIDE = answer("451", "4.3.0 Temporary failure, try again later");

    static final Response STORAGE_FULL = answer("452", "4.3.1 Insufficient system storage");
    static final Response NOT_STORED = answer("451", "4.3.0 Temporary failure, try again later");
    static final Response TOO_BIG = answer("552", "5.3.4 Message too big");

    private Answers() {}

    static Response answer(String code, String text) {
        return new SMTPResponse(code, text).immutable();
    }

    /** An answer after which the connection is closed. */
    static Response lastAnswer(String code, String text) {
        SMTPResponse response = new SMTPResponse(code, text);
        response.setEndSession(true);
        return response.immutable();
    }

    /** A refusal for good. */
    static HookResult refuse(String code, String text) {
        return result(HookReturnCode.deny(), code, text);
    }

    /** A refusal for now: the client may try again. */
    static HookResult refuseForNow(String code, String text) {
        return result(HookReturnCode.denySoft(), code, text);
    }

    /** What a gate answers that can't decide: it neither lets through nor loses. */
    static HookResult cannotDecide() {
        return refuseForNow("451", "4.3.0 Temporary failure, try again later");
    }

    /** The same where nobody can tell whether a recipient's domain is ours. */
    static HookResult cannotDecide(Logger logger, MailAddress recipient, Throwable unknown) {
        logger.error(
                "Can't tell whether {} is a domain of ours",
                recipient.getDomain().asString(),
                unknown);
        return cannotDecide();
    }

    private static HookResult result(HookReturnCode action, String code, String text) {
        return HookResult.builder()
                .hookReturnCode(action)
                .smtpReturnCode(code)
                .smtpDescription(text)
                .build();
    }
}
