/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.util.Locale;
import java.util.Optional;
import org.apache.mailet.AttributeName;
import org.apache.mailet.Mail;

/** Who submitted a mail: the account that a client proved, and not what the message says of itself. */
public final class Submitter {
    /** James sets it on what a user submits by JMAP (RFC 8621, section 7), in 3.8 and 3.9 alike. */
    private static final AttributeName JMAP = AttributeName.of("org.apache.james.jmap.send.MailMetaData.username");

    private Submitter() {}

    /** The account that submitted the mail by SMTP or JMAP, in lower case; empty for a mail that no account did. */
    public static Optional<String> account(Mail mail) {
        return named(mail, Mail.SMTP_AUTH_USER).or(() -> byJmap(mail));
    }

    /** The account that submitted it by JMAP, and so past all hooks of SMTP, in lower case. */
    public static Optional<String> byJmap(Mail mail) {
        return named(mail, JMAP);
    }

    private static Optional<String> named(Mail mail, AttributeName name) {
        return mail.getAttribute(name)
                .flatMap(attribute -> attribute.getValue().valueAs(String.class))
                .map(account -> account.toLowerCase(Locale.ROOT));
    }
}
