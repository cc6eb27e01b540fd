/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.util.List;

/**
 * A mail that a peer has taken.
 *
 * @param sender the envelope's sender; empty for {@code <>}
 * @param recipients the envelope's recipients that were accepted
 * @param message as it came, without the dots of RFC 5321, section 4.5.2, in ISO 8859-1
 * @param protocol the TLS version under which it came, as JSSE names it; empty: in clear text
 * @param serverName the host name that the client asked for in the handshake (SNI); empty: none
 */
public record TakenMail(String sender, List<String> recipients, String message, String protocol, String serverName) {
    public TakenMail {
        recipients = List.copyOf(recipients);
    }

    /** Whether it came under TLS. */
    public boolean underTls() {
        return !protocol.isEmpty();
    }
}
