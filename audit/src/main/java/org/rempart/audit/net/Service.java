/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.util.Locale;

/** A kind of listener: its protocol, its usual port, and whether TLS comes first (RFC 8314). */
public enum Service {
    SMTP(25, Protocol.SMTP, false),
    SUBMISSION(587, Protocol.SMTP, false),
    SUBMISSIONS(465, Protocol.SMTP, true),
    IMAP(143, Protocol.IMAP, false),
    IMAPS(993, Protocol.IMAP, true),
    POP3(110, Protocol.POP3, false),
    POP3S(995, Protocol.POP3, true),
    SIEVE(4190, Protocol.SIEVE, false);

    /** What is spoken. */
    public enum Protocol {
        SMTP,
        IMAP,
        POP3,
        SIEVE
    }

    private final int port;
    private final Protocol protocol;
    private final boolean direct;

    Service(int port, Protocol protocol, boolean direct) {
        this.port = port;
        this.protocol = protocol;
        this.direct = direct;
    }

    /** The port that IANA gave it. */
    public int port() {
        return port;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** Whether TLS comes before the first word. */
    public boolean direct() {
        return direct;
    }

    /** Whether clients of ours log in here: every listener but the MX. */
    public boolean forClients() {
        return this != SMTP;
    }

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
