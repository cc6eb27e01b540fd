/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.DnsServer;
import org.xbill.DNS.Cache;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.SimpleResolver;

/** What is asked of the servers that James's DNS service has made dnsjava's own, and what is made of their answers. */
class DnsJavaDnsTest {
    private final Dns dns = new DnsJavaDns();
    private DnsServer server;

    @BeforeEach
    void start() throws Exception {
        server = DnsServer.start(InetAddress.getLoopbackAddress());
        SimpleResolver resolver = new SimpleResolver(server.address());
        resolver.setTimeout(Duration.ofSeconds(1));
        Lookup.setDefaultResolver(resolver);
        Lookup.setDefaultCache(new Cache(DClass.IN), DClass.IN);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        Lookup.refreshDefault();
    }

    private List<String> addresses(String host) throws Exception {
        return dns.addresses(host).stream().map(InetAddress::getHostAddress).toList();
    }

    @Test
    void exchangersComeInTheOrderOfTheirPreference() throws Exception {
        server.mx("a.example", 20, "second.a.example").mx("a.example", 10, "First.a.example");
        assertThat(dns.exchangers("a.example"))
                .extracting(MailExchanger::host)
                .containsExactly("first.a.example", "second.a.example");
        assertThat(dns.exchangers("b.example")).isEmpty();
    }

    @Test
    void aNullMxNamesTheRoot() throws Exception {
        server.nullMx("a.example");
        assertThat(dns.exchangers("a.example"))
                .singleElement()
                .satisfies(exchanger -> assertThat(exchanger.host()).isEmpty());
    }

    @Test
    void bothKindsOfAddressesAreAsked() throws Exception {
        server.address("a.example", "2001:db8::1", "192.0.2.1").address("six.example", "2001:db8::2");
        assertThat(addresses("a.example")).containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
        assertThat(addresses("six.example")).containsExactly("2001:db8:0:0:0:0:0:2");
    }

    @Test
    void aliasesAreFollowed() throws Exception {
        server.alias("a.example", "b.example")
                .alias("b.example", "c.example")
                .address("c.example", "192.0.2.3")
                .text("c.example", "v=STSv1; id=1;");
        server.mx("c.example", 10, "mx.c.example");
        assertThat(addresses("a.example")).containsExactly("192.0.2.3");
        assertThat(dns.texts("a.example")).containsExactly("v=STSv1; id=1;");
        assertThat(dns.exchangers("a.example")).extracting(MailExchanger::host).containsExactly("mx.c.example");
    }

    @Test
    void anAliasOfNothingHasNothing() throws Exception {
        server.alias("a.example", "b.example");
        assertThat(addresses("a.example")).isEmpty();
        assertThat(dns.texts("a.example")).isEmpty();
    }

    @Test
    void aliasesInACircleAreNoAnswer() {
        server.alias("a.example", "b.example").alias("b.example", "a.example");
        assertThatThrownBy(() -> dns.addresses("a.example")).isInstanceOf(UnansweredException.class);
    }

    @Test
    void theStringsOfATextAreJoined() throws Exception {
        server.text("a.example", "x".repeat(600));
        assertThat(dns.texts("a.example")).containsExactly("x".repeat(600));
    }

    @Test
    void noAnswerIsNotNoRecord() {
        server.address("a.example", "192.0.2.1").fail("a.example").ignore("b.example");
        for (String name : List.of("a.example", "b.example")) {
            assertThatThrownBy(() -> dns.exchangers(name))
                    .isInstanceOf(UnansweredException.class)
                    .hasMessage("the DNS does not answer for " + name);
            assertThatThrownBy(() -> dns.addresses(name)).isInstanceOf(UnansweredException.class);
            assertThatThrownBy(() -> dns.texts(name)).isInstanceOf(UnansweredException.class);
        }
    }

    @Test
    void whatIsNoNameHasNothing() throws Exception {
        assertThat(dns.exchangers("a..example")).isEmpty();
        assertThat(addresses("x".repeat(64) + ".example")).isEmpty();
    }

    @Test
    void namesInOtherScriptsAreAskedAsALabels() throws Exception {
        server.address("xn--bcher-kva.example", "192.0.2.1");
        assertThat(addresses("b\u00fccher.example")).containsExactly("192.0.2.1");
    }

    @Test
    void namesOfAnAddressAreItsPtrRecords() throws Exception {
        server.alias("7.2.0.192.in-addr.arpa", "nowhere.example");
        assertThat(dns.names(InetAddress.getByName("192.0.2.7"))).isEmpty();
    }

    @Test
    void whenTheTimeIsOverNothingIsAnswered() throws Exception {
        server.text("a.example", "hello").ignore("silent.example");
        Dns hurried = dns.within(Duration.ofMillis(300));
        assertThat(hurried.texts("a.example")).containsExactly("hello");
        long start = System.nanoTime();
        assertThatThrownBy(() -> hurried.texts("silent.example")).isInstanceOf(UnansweredException.class);
        assertThatThrownBy(() -> hurried.texts("b.silent.example")).isInstanceOf(UnansweredException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(900));
    }
}
