/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;

/**
 * REQUIRETLS (RFC 8689): mail that goes only under TLS, to servers that prove who they are and promise the same. It is an
 * attribute of the mail, by the name that James 3.9 has for it.
 */
public final class RequireTls {
    /** The keyword of EHLO, and the parameter of MAIL. */
    public static final String KEYWORD = "REQUIRETLS";

    private static final AttributeName NAME = AttributeName.of(KEYWORD);

    private static volatile boolean kept;

    private RequireTls() {}

    /** What makes a mail such a one. */
    public static Attribute attribute() {
        return new Attribute(NAME, AttributeValue.of(true));
    }

    /** Whether a mail is such a one. */
    public static boolean holds(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, NAME, Boolean.class).orElse(false);
    }

    /** Says that this server's delivery keeps the promise. */
    public static void keep() {
        kept = true;
    }

    /** Whether this server's delivery keeps the promise; a server whose delivery does not must not make it. */
    public static boolean isKept() {
        return kept;
    }
}
