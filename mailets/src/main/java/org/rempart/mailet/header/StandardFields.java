/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.List;
import java.util.Set;

/**
 * The header fields that an RFC names or that all mail programs know: IANA's registry of mail header fields, permanent and
 * provisional, and what lists and loops are recognised by. What they hold is meant for the recipient.
 */
final class StandardFields {
    private static final Set<String> NAMES = Set.of(
            "accept-language",
            "alternate-recipient",
            "archived-at",
            "author",
            "autocrypt",
            "auto-submitted",
            "autoforwarded",
            "autosubmitted",
            "bcc",
            "cc",
            "comments",
            "conversion",
            "conversion-with-loss",
            "date",
            "deferred-delivery",
            "delivered-to",
            "delivery-date",
            "disclose-recipients",
            "dkim-signature",
            "dl-expansion-history",
            "encoding",
            "encrypted",
            "errors-to",
            "expires",
            "expiry-date",
            "face",
            "feedback-id",
            "from",
            "generate-delivery-report",
            "hp-outer",
            "importance",
            "in-reply-to",
            "incomplete-copy",
            "jabber-id",
            "keywords",
            "language",
            "latest-delivery-time",
            "message-context",
            "message-id",
            "message-type",
            "mime-version",
            "mt-priority",
            "obsoletes",
            "organization",
            "organisation",
            "original-encoded-information-types",
            "original-from",
            "original-message-id",
            "original-recipient",
            "original-subject",
            "originator-return-address",
            "pics-label",
            "precedence",
            "prevent-nondelivery-report",
            "priority",
            "received",
            "received-spf",
            "references",
            "reply-by",
            "reply-to",
            "require-recipient-valid-since",
            "return-path",
            "return-receipt-to",
            "sender",
            "sensitivity",
            "solicitation",
            "subject",
            "supersedes",
            "thread-index",
            "thread-topic",
            "tls-required",
            "to",
            "vbr-info",
            "x-beenthere",
            "x-loop",
            "x-msmail-priority",
            "x-priority",
            "x-received");

    private static final List<String> PREFIXES = List.of(
            "arc-",
            "authentication-results",
            "content-",
            "discarded-x400-",
            "disposition-notification-",
            "downgraded-",
            "list-",
            "mmhs-",
            "resent-",
            "sio-label",
            "tls-report-",
            "x400-");

    private StandardFields() {}

    /** Whether a field of this name, in lower case, is one of them. */
    static boolean contain(String name) {
        if (NAMES.contains(name)) {
            return true;
        }
        for (String prefix : PREFIXES) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
