/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** Where a try is when something ends it, from the DNS to the answer after the message. */
public enum Stage {
    /** The DNS is asked for the hosts of a domain. */
    ROUTE("MX hosts"),
    /** What TLS the destination must have is found out, and whether the host is one that it allows. */
    POLICY("TLS policy"),
    /** The DNS is asked for the addresses of a host. */
    ADDRESS("address of a host"),
    CONNECT("connection"),
    GREETING("the greeting"),
    EHLO("EHLO"),
    /** The command; where TLS must be had. */
    STARTTLS("STARTTLS"),
    /** The handshake, and what the certificate proves; where TLS must be had. */
    TLS("the TLS handshake"),
    AUTH("AUTH"),
    /** What the mail needs is compared with what the server offers. */
    OFFER("what EHLO offers"),
    RSET("RSET"),
    MAIL("MAIL"),
    RCPT("RCPT"),
    DATA("DATA"),
    /** The message is on its way, and its end is not. */
    MESSAGE("the message"),
    /** The server may have the whole message. */
    END("the end of the message"),
    /** This server itself. */
    HERE("this server");

    private final String words;

    Stage(String words) {
        this.words = words;
    }

    /** How documents and reasons name it. */
    @Override
    public String toString() {
        return words;
    }
}
