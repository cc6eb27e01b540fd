/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** check_host() by the sections of RFC 7208, on the zone of its appendix A. */
@Timeout(60)
class SpfTest {
    private final Zone zone = Zone.of(
            "example.com MX mail-a.example.com",
            "example.com MX mail-b.example.com",
            "example.com A 192.0.2.10",
            "example.com A 192.0.2.11",
            "amy.example.com A 192.0.2.65",
            "bob.example.com A 192.0.2.66",
            "mail-a.example.com A 192.0.2.129",
            "mail-b.example.com A 192.0.2.130",
            "example.org MX mail-c.example.org",
            "mail-c.example.org A 192.0.2.140",
            "192.0.2.10 PTR example.com",
            "192.0.2.65 PTR amy.example.com",
            "192.0.2.66 PTR bob.example.com",
            "192.0.2.140 PTR mail-c.example.org",
            "10.0.0.4 PTR bob.example.com",
            "six.example AAAA 2001:db8::25");

    private Spf.Result check(String record, String client) throws Exception {
        zone.add("t.example TXT " + record);
        return Spf.check(InetAddress.getByName(client), "mail.t.example", "strong-bad", "t.example", new Lookups(zone));
    }

    /** Appendix A.1. */
    @ParameterizedTest
    @CsvSource({
        "v=spf1 +all, 192.0.2.129, PASS",
        "v=spf1 a:example.com -all, 192.0.2.10, PASS",
        "v=spf1 a:example.com -all, 192.0.2.129, FAIL",
        "v=spf1 a:example.org -all, 192.0.2.10, FAIL",
        "v=spf1 mx:example.com -all, 192.0.2.129, PASS",
        "v=spf1 mx:example.com -all, 192.0.2.140, FAIL",
        "v=spf1 mx:example.com mx:example.org -all, 192.0.2.140, PASS",
        "v=spf1 mx:example.com/30 mx:example.org/30 -all, 192.0.2.131, PASS",
        "v=spf1 mx:example.com/30 mx:example.org/30 -all, 192.0.2.132, FAIL",
        "v=spf1 mx:example.com/30 mx:example.org/30 -all, 192.0.2.143, PASS",
        "v=spf1 ptr:example.com -all, 192.0.2.10, PASS",
        "v=spf1 ptr:example.com -all, 192.0.2.65, PASS",
        "v=spf1 ptr:example.com -all, 192.0.2.140, FAIL",
        "v=spf1 ptr:example.com -all, 10.0.0.4, FAIL",
        "v=spf1 ip4:192.0.2.128/28 -all, 192.0.2.65, FAIL",
        "v=spf1 ip4:192.0.2.128/28 -all, 192.0.2.129, PASS"
    })
    void theExamplesOfTheRfc(String record, String client, Spf.Result result) throws Exception {
        assertThat(check(record, client)).isEqualTo(result);
    }

    @ParameterizedTest
    @CsvSource({
        "v=spf1, 192.0.2.1, NEUTRAL",
        "v=spf1 ?all, 192.0.2.1, NEUTRAL",
        "v=spf1 ~all, 192.0.2.1, SOFTFAIL",
        "V=SPF1 -ALL, 192.0.2.1, FAIL",
        "v=spf10 -all, 192.0.2.1, NONE",
        "hello, 192.0.2.1, NONE",
        "v=spf1 a:six.example -all, 2001:db8::25, PASS",
        "v=spf1 a:six.example//64 -all, 2001:db8::1, PASS",
        "v=spf1 a:six.example/24//126 -all, 2001:db8::1, FAIL",
        "v=spf1 ip6:2001:db8::/32 -all, 2001:db8:1::1, PASS",
        "v=spf1 ip6:2001:db8::/32 -all, 192.0.2.1, FAIL",
        "v=spf1 ip4:0.0.0.0/0 -all, 2001:db8::1, FAIL",
        "v=spf1 exists:%{l1r-}._spf.%{d2} -all, 192.0.2.1, FAIL",
        "v=spf1 unknown=%{d}thing -all, 192.0.2.1, FAIL",
        "v=spf1 exp=explain.example -all, 192.0.2.1, FAIL"
    })
    void whatElseARecordMaySay(String record, String client, Spf.Result result) throws Exception {
        assertThat(check(record, client)).isEqualTo(result);
    }

    /** Section 4.6: what is wrong anywhere makes it wrong, though a mechanism before it would match. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "v=spf1 +all nonsense",
                "v=spf1 +all all:x.example",
                "v=spf1 +all ip4:1.2.3",
                "v=spf1 +all ip4:1.2.3.4/33",
                "v=spf1 +all ip4:1.2.3.4/032",
                "v=spf1 +all ip4:host.example",
                "v=spf1 +all ip6:1.2.3.4",
                "v=spf1 +all ip6:2001:db8::/129",
                "v=spf1 +all ip4",
                "v=spf1 +all include",
                "v=spf1 +all include:",
                "v=spf1 +all include:x.example/24",
                "v=spf1 +all exists",
                "v=spf1 +all a:",
                "v=spf1 +all a:localhost",
                "v=spf1 +all a:x.123",
                "v=spf1 +all a/33",
                "v=spf1 +all a//129",
                "v=spf1 +all ptr/24",
                "v=spf1 +all a:%{x}.example",
                "v=spf1 +all a:%{d",
                "v=spf1 +all a:%.example",
                "v=spf1 +all redirect=",
                "v=spf1 +all redirect=a.example redirect=b.example",
                "v=spf1 +all exp=a.example exp=b.example",
                "v=spf1 +all exp=",
                "v=spf1 +all exp=-all",
                "v=spf1 +all exp=%{r}.example"
            })
    void syntax(String record) throws Exception {
        assertThat(check(record, "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
    }

    /** Section 7.3. */
    @Test
    void aMacroMayBeAPercentOrASpace() throws Exception {
        assertThat(check("v=spf1 a:macro%%percent%_space%-url.example -all", "192.0.2.1"))
                .isEqualTo(Spf.Result.FAIL);
    }

    @Test
    void twoRecordsAreNone() throws Exception {
        zone.add("t.example TXT v=spf1 +all");
        assertThat(check("v=spf1 +all", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
    }

    /** Section 5.2 and 6.1. */
    @Test
    void includeAndRedirect() throws Exception {
        zone.add("pass.example TXT v=spf1 ip4:192.0.2.1 -all")
                .add("soft.example TXT v=spf1 ~all")
                .add("bad.example TXT v=spf1 nonsense")
                .add("away.example FAIL");
        assertThat(check("v=spf1 include:pass.example -all", "192.0.2.1")).isEqualTo(Spf.Result.PASS);
        assertThat(result("v=spf1 include:pass.example ?all", "192.0.2.2")).isEqualTo(Spf.Result.NEUTRAL);
        assertThat(result("v=spf1 -include:pass.example +all", "192.0.2.1")).isEqualTo(Spf.Result.FAIL);
        assertThat(result("v=spf1 include:none.example +all", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 include:bad.example +all", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 include:away.example +all", "192.0.2.1")).isEqualTo(Spf.Result.TEMPERROR);
        assertThat(result("v=spf1 redirect=soft.example", "192.0.2.1")).isEqualTo(Spf.Result.SOFTFAIL);
        assertThat(result("v=spf1 redirect=soft.example ip4:192.0.2.1", "192.0.2.1"))
                .isEqualTo(Spf.Result.PASS);
        assertThat(result("v=spf1 redirect=none.example", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
    }

    /** With another record than before. */
    private Spf.Result result(String record, String client) throws Exception {
        String name = "r" + zone.questions.size() + ".example";
        zone.add(name + " TXT " + record);
        return Spf.check(InetAddress.getByName(client), "mail.t.example", "x", name, new Lookups(zone));
    }

    /** Section 7.4. */
    @ParameterizedTest
    @CsvSource({
        "%{s}, strong-bad@email.example.com",
        "%{o}, email.example.com",
        "%{d}, email.example.com",
        "%{d4}, email.example.com",
        "%{d3}, email.example.com",
        "%{d2}, example.com",
        "%{d1}, com",
        "%{dr}, com.example.email",
        "%{d2r}, example.email",
        "%{l}, strong-bad",
        "%{l-}, strong.bad",
        "%{lr}, strong-bad",
        "%{lr-}, bad.strong",
        "%{l1r-}, strong",
        "%{ir}.%{v}._spf.%{d2}, 3.2.0.192.in-addr._spf.example.com",
        "%{lr-}.lp._spf.%{d2}, bad.strong.lp._spf.example.com",
        "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}, bad.strong.lp.3.2.0.192.in-addr._spf.example.com",
        "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}, 3.2.0.192.in-addr.strong.lp._spf.example.com",
        "%{d2}.trusted-domains.example.net, example.com.trusted-domains.example.net",
        "%{S}, strong-bad%40email.example.com",
        "%%%{l}, %strong-bad"
    })
    void macros(String macro, String expanded) throws Exception {
        zone.add("email.example.com TXT v=spf1 exists:" + macro + ".x.example -all")
                .add(expanded + ".x.example A 127.0.0.2");
        assertThat(Spf.check(
                        InetAddress.getByName("192.0.2.3"),
                        "mx.example.org",
                        "strong-bad",
                        "email.example.com",
                        new Lookups(zone)))
                .as(zone.questions.toString())
                .isEqualTo(Spf.Result.PASS);
    }

    @Test
    void anAddressOfVersion6IsWrittenAsNibbles() throws Exception {
        zone.add("email.example.com TXT v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all")
                .add("1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com A"
                        + " 127.0.0.2");
        assertThat(Spf.check(
                        InetAddress.getByName("2001:db8::cb01"), "mx", "x", "email.example.com", new Lookups(zone)))
                .isEqualTo(Spf.Result.PASS);
    }

    /** Section 4.6.4. */
    @Test
    void noMoreThanTenTermsAsk() throws Exception {
        assertThat(check("v=spf1" + " a:example.com".repeat(10) + " +all", "192.0.2.1"))
                .isEqualTo(Spf.Result.PASS);
        assertThat(result("v=spf1" + " a:example.com".repeat(11) + " +all", "192.0.2.1"))
                .isEqualTo(Spf.Result.PERMERROR);
    }

    @Test
    void noMoreThanTwoAnswersAreEmpty() throws Exception {
        assertThat(check("v=spf1 a:n1.example a:n2.example +all", "192.0.2.1")).isEqualTo(Spf.Result.PASS);
        assertThat(result("v=spf1 a:n1.example a:n2.example a:n3.example +all", "192.0.2.1"))
                .isEqualTo(Spf.Result.PERMERROR);
    }

    @Test
    void noMoreThanTenExchangersAreAsked() throws Exception {
        for (int i = 0; i < 11; i++) {
            zone.add("many.example MX example.com");
        }
        assertThat(check("v=spf1 mx:many.example +all", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
    }

    @Test
    void recordsOfEnemiesCostLittle() throws Exception {
        zone.add("loop.example TXT v=spf1 include:loop.example -all")
                .add("redirect.example TXT v=spf1 redirect=redirect.example");
        StringBuilder includes = new StringBuilder("v=spf1");
        for (int i = 0; i < 900; i++) {
            includes.append(" include:i").append(i).append(".example");
        }
        assertThat(check(includes + " -all", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 include:loop.example", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 redirect=redirect.example", "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 a:" + "%{l}".repeat(3000) + ".example -all", "192.0.2.1"))
                .isEqualTo(Spf.Result.FAIL);
        assertThat(result("v=spf1 " + "a".repeat(64 * 1024), "192.0.2.1")).isEqualTo(Spf.Result.PERMERROR);
        assertThat(result("v=spf1 a:" + "a.".repeat(8000) + "b", "192.0.2.1")).isEqualTo(Spf.Result.NEUTRAL);
        assertThat(result("v=spf1 a:" + "-".repeat(15000) + ".b1", "192.0.2.1")).isNotNull();
        assertThat(zone.questions).hasSizeLessThan(150);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "a..example", "[192.0.2.1]", "a b.example"})
    void whatIsNoNameHasNone(String name) throws Exception {
        assertThat(Spf.check(InetAddress.getByName("192.0.2.1"), name, "x", name, new Lookups(zone)))
                .isEqualTo(Spf.Result.NONE);
    }
}
