/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.api.TemporaryResolutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of the answers of another DNS service than James's own. */
class JamesDnsTest {
    /** A service that gives one text, and two hosts. */
    private static final class Service implements DNSService {
        private final String text;

        Service(String text) {
            this.text = text;
        }

        @Override
        public Collection<String> findTXTRecords(String name) {
            return List.of(text);
        }

        @Override
        public Collection<String> findMXRecords(String name) throws TemporaryResolutionException {
            if (name.equals("silent.example")) {
                throw new TemporaryResolutionException("no answer");
            }
            return List.of("MX1.example.", "mx2.example");
        }

        @Override
        public Collection<InetAddress> getAllByName(String host) throws UnknownHostException {
            throw new UnknownHostException(host);
        }

        @Override
        public InetAddress getByName(String host) throws UnknownHostException {
            throw new UnknownHostException(host);
        }

        @Override
        public InetAddress getLocalHost() {
            return InetAddress.getLoopbackAddress();
        }

        @Override
        public String getHostName(InetAddress address) {
            return address.getHostAddress();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v=STSv1; id=1;|v=STSv1; id=1;",
                "\"v=STSv1; id=1;\"|v=STSv1; id=1;",
                "\"v=STSv1;\" \" id=2016\" \"0831\"|v=STSv1; id=20160831",
                "\"v=STS\\0061; id=1\"|v=STS\u00061; id=1",
                "\"v=STS\\118\\049; id=1\"|v=STSv1; id=1",
                "\"a\\\"b\\\\c\"|a\"b\\c",
            })
    void aTextComesAsAZoneFileHasIt(String given, String text) throws Exception {
        assertThat(new JamesDns(new Service(given)).texts("a.example")).containsExactly(text);
    }

    @Test
    void hostsArePreferredInTheirOrder() throws Exception {
        Dns dns = new JamesDns(new Service(""));
        assertThat(dns.exchangers("a.example"))
                .extracting(MailExchanger::toString)
                .containsExactly("0 mx1.example", "1 mx2.example");
        assertThat(dns.addresses("mx1.example")).isEmpty();
        assertThatThrownBy(() -> dns.exchangers("silent.example")).isInstanceOf(UnansweredException.class);
    }

    @Test
    void jamesOwnServiceIsPassedBy() {
        assertThat(Dns.of(new Service(""))).isInstanceOf(JamesDns.class);
    }
}
