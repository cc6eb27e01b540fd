/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.api.TemporaryResolutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.DnsServer;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** The DNS of the tests, as dnsjava and James see it. */
class DnsServerTest {
    private DnsServer dns;

    @BeforeEach
    void start() throws Exception {
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    @AfterEach
    void stop() throws Exception {
        dns.close();
    }

    private Lookup ask(String name, int type) throws Exception {
        SimpleResolver resolver = new SimpleResolver(dns.address());
        resolver.setTimeout(Duration.ofSeconds(20));
        Lookup lookup = new Lookup(name, type);
        lookup.setResolver(resolver);
        lookup.setCache(null);
        lookup.run();
        return lookup;
    }

    private List<String> answers(String name, int type) throws Exception {
        Lookup lookup = ask(name, type);
        return lookup.getAnswers() == null
                ? List.of()
                : Arrays.stream(lookup.getAnswers())
                        .map(answer -> answer.rdataToString().toLowerCase(Locale.ROOT))
                        .toList();
    }

    @Test
    void tellsWhatItKnows() throws Exception {
        dns.mx("partner.example", 20, "mx2.partner.example")
                .mx("partner.example", 10, "mx1.partner.example")
                .nullMx("silent.example")
                .address("mx1.partner.example", "127.0.1.1", "::1")
                .alias("www.partner.example", "mx1.partner.example")
                .text("_mta-sts.partner.example", "v=STSv1; id=1");
        assertThat(answers("PARTNER.example.", Type.MX))
                .containsExactlyInAnyOrder("20 mx2.partner.example.", "10 mx1.partner.example.");
        assertThat(answers("silent.example.", Type.MX)).containsExactly("0 .");
        assertThat(answers("mx1.partner.example.", Type.A)).containsExactly("127.0.1.1");
        assertThat(answers("mx1.partner.example.", Type.AAAA)).containsExactly("0:0:0:0:0:0:0:1");
        assertThat(answers("www.partner.example.", Type.A)).containsExactly("127.0.1.1");
        assertThat(answers("_mta-sts.partner.example.", Type.TXT)).containsExactly("\"v=stsv1; id=1\"");
        assertThat(dns.questions()).contains("silent.example. MX");
    }

    @Test
    void whatItDoesNotKnowIsNotThere() throws Exception {
        dns.address("mx.partner.example", "127.0.1.1");
        assertThat(ask("nobody.example.", Type.MX).getResult()).isEqualTo(Lookup.HOST_NOT_FOUND);
        assertThat(ask("mx.partner.example.", Type.MX).getResult()).isEqualTo(Lookup.TYPE_NOT_FOUND);
        assertThat(ask("partner.example.", Type.A).getResult()).isEqualTo(Lookup.TYPE_NOT_FOUND);
    }

    @Test
    void failsAndRecovers() throws Exception {
        dns.mx("partner.example", 10, "mx.partner.example").fail("partner.example");
        assertThat(ask("partner.example.", Type.MX).getResult()).isEqualTo(Lookup.TRY_AGAIN);
        dns.forget("partner.example").mx("partner.example", 10, "mx.partner.example");
        assertThat(answers("partner.example.", Type.MX)).hasSize(1);
    }

    @Test
    void whatIsTooLongComesByTcp() throws Exception {
        String text = "x".repeat(5000);
        dns.text("long.example", text);
        assertThat(String.join("", answers("long.example.", Type.TXT)).replaceAll("[\" ]", ""))
                .isEqualTo(text);
        assertThat(dns.questions().stream().filter("long.example. TXT"::equals)).hasSizeGreaterThan(1);
    }

    @Test
    void jamesAsksIt() throws Exception {
        dns.mx("partner.example", 20, "mx2.partner.example")
                .mx("partner.example", 10, "mx1.partner.example")
                .address("mx1.partner.example", "127.0.1.1")
                .fail("broken.example")
                .ignore("dumb.example");
        DNSService james = JamesDns.asking(dns.address(), Duration.ofMillis(200));
        assertThat(james.findMXRecords("partner.example"))
                .containsExactly("mx1.partner.example.", "mx2.partner.example.");
        assertThat(james.getAllByName("mx1.partner.example"))
                .extracting(InetAddress::getHostAddress)
                .containsExactly("127.0.1.1");
        assertThat(james.findMXRecords("nobody.example")).isEmpty();
        assertThatThrownBy(() -> james.findMXRecords("broken.example"))
                .isInstanceOf(TemporaryResolutionException.class);
        assertThatThrownBy(() -> james.findMXRecords("dumb.example")).isInstanceOf(TemporaryResolutionException.class);
    }
}
