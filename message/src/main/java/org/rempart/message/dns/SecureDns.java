/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.apache.james.dnsservice.api.DNSService;
import org.rempart.policy.tls.Dnssec;

/**
 * What the DNS says, and whether DNSSEC proves it (RFC 4035, section 4.3). An answer that is neither proven nor provably out
 * of reach of DNSSEC is none: who gets one has to wait.
 *
 * <p>Safe for use by many threads.
 */
public interface SecureDns {
    /**
     * The records of a name, aliases followed. Blocks for half a minute at most.
     *
     * @param name absolute, with a dot at its end or without
     * @param type the number of the record type
     * @throws UnansweredException when the DNS does not say, or says what is not proven although it should be (bogus,
     *     indeterminate), with the reason
     */
    SecureAnswer ask(String name, int type) throws UnansweredException;

    /**
     * Over the servers that James asks.
     *
     * @param dnssec who finds out whether answers are proven; not {@link Dnssec#OFF}
     * @param rootAnchors the root's DS or DNSKEY records, as a zone file has them; empty: those that come along. Closed
     * @throws IOException when that can't be done, with what would be right
     */
    static SecureDns of(DNSService james, Dnssec dnssec, Optional<InputStream> rootAnchors) throws IOException {
        if (!Dns.isDnsJava(james)) {
            throw new IOException(
                    "dnssec=\"" + dnssec.keyword() + "\" of <outbound> needs James's own DNS service, and "
                            + james.getClass().getName() + " takes its place; write dnssec=\"off\"");
        }
        return DnsJavaSecureDns.of(dnssec, rootAnchors);
    }
}
