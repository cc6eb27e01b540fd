/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a domain wants, and what is aligned with it (RFC 7489 and its successor, RFC 9091). */
class DmarcRecordTest {
    private static DmarcRecord find(String from, String... lines) throws Exception {
        return DmarcRecord.find(from, new Lookups(Zone.of(lines)));
    }

    private static Proof.Wish wish(String from, String... lines) throws Exception {
        Lookups lookups = new Lookups(Zone.of(lines));
        return DmarcRecord.find(from, lookups).wish(lookups, 50);
    }

    @ParameterizedTest
    @CsvSource({
        // RFC 7489, appendix B.1, and relaxed alignment.
        "example.com, example.com, '', true",
        "example.com, child.example.com, '', true",
        "child.example.com, example.com, '', true",
        "a.example.com, b.example.com, '', true",
        "example.com, example.net, '', false",
        "example.com, notexample.com, '', false",
        "example.com, com, '', false",
        // A public suffix is nobody's organisation.
        "shop.co.uk, bank.co.uk, '', false",
        "a.shop.co.uk, b.shop.co.uk, '', true",
        "user.github.io, other.github.io, '', false",
        // Strict.
        "example.com, child.example.com, adkim=s, false",
        "example.com, example.com, adkim=s, true",
        "example.com, child.example.com, aspf=s, true",
        "example.com, child.example.com, adkim=S, false"
    })
    void alignment(String from, String proven, String tags, boolean aligned) throws Exception {
        DmarcRecord record = find(from, "_dmarc." + from + " TXT v=DMARC1; p=none; " + tags);
        assertThat(record.isAligned(proven, true)).isEqualTo(aligned);
    }

    @Test
    void aBranchMayBeAnOrganisationOfItsOwn() throws Exception {
        DmarcRecord record = find(
                "a.branch.example.com",
                "_dmarc.branch.example.com TXT v=DMARC1; p=reject; psd=n",
                "_dmarc.example.com TXT v=DMARC1; p=none");
        assertThat(record.isAligned("b.branch.example.com", true)).isTrue();
        assertThat(record.isAligned("example.com", true)).isFalse();
        assertThat(record.isAligned("other.example.com", true)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, v=DMARC1; p=reject, REJECT",
        "example.com, v=DMARC1;p=quarantine, QUARANTINE",
        "example.com, v=DMARC1; p=REJECT; sp=none, REJECT",
        "example.com, v=DMARC1; rua=mailto:x@example.com, NONE",
        "example.com, v=DMARC1; p=nonsense, NONE",
        "sub.example.com, v=DMARC1; p=reject, REJECT",
        "sub.example.com, v=DMARC1; p=reject; sp=quarantine, QUARANTINE",
        "sub.example.com, v=DMARC1; p=none; sp=reject, REJECT",
        "sub.example.com, v=DMARC1; p=none; np=reject, REJECT",
        "there.example.com, v=DMARC1; p=none; np=reject, NONE",
        "there.example.com, v=DMARC1; p=none; sp=quarantine; np=reject, QUARANTINE",
        "a.b.c.d.example.com, v=DMARC1; p=reject; sp=quarantine, QUARANTINE",
        // pct, with 50 on the dice, and the test mode of the successor.
        "example.com, v=DMARC1; p=reject; pct=50, QUARANTINE",
        "example.com, v=DMARC1; p=quarantine; pct=0, NONE",
        "example.com, v=DMARC1; p=reject; pct=51, REJECT",
        "example.com, v=DMARC1; p=reject; pct=x, REJECT",
        "example.com, v=DMARC1; p=reject; t=y, QUARANTINE",
        // No record.
        "example.com, v=DMARC1, NONE",
        "example.com, v=DMARC2; p=reject, NONE",
        "example.com, p=reject; v=DMARC1, NONE",
        "example.com, v=DMARC1; p=reject; p=none, NONE"
    })
    void wishes(String from, String record, Proof.Wish wish) throws Exception {
        assertThat(wish(from, "_dmarc.example.com TXT " + record, "there.example.com A 192.0.2.1"))
                .isEqualTo(wish);
    }

    @Test
    void theNearestRecordIsTheDomainsOwnOrItsOrganisations() throws Exception {
        assertThat(wish(
                        "sub.example.com",
                        "_dmarc.sub.example.com TXT v=DMARC1; p=none",
                        "_dmarc.example.com TXT v=DMARC1; p=reject"))
                .isEqualTo(Proof.Wish.NONE);
        // Between them none counts, as RFC 7489 has it, unless it says so.
        assertThat(wish("a.b.example.com", "_dmarc.b.example.com TXT v=DMARC1; p=reject"))
                .isEqualTo(Proof.Wish.NONE);
        assertThat(find("example.com").isPresent()).isFalse();
        assertThat(find(
                                "example.com",
                                "_dmarc.example.com TXT v=DMARC1; p=reject",
                                "_dmarc.example.com TXT v=DMARC1; p=none")
                        .isPresent())
                .isFalse();
    }

    @Test
    void aRegistrySpeaksForItsCustomersOnlyWhereItSaysThatItIsOne() throws Exception {
        assertThat(wish("shop.co.uk", "_dmarc.co.uk TXT v=DMARC1; p=reject; psd=y; np=reject"))
                .isEqualTo(Proof.Wish.REJECT);
        assertThat(wish("shop.co.uk", "_dmarc.co.uk TXT v=DMARC1; p=reject")).isEqualTo(Proof.Wish.NONE);
        assertThat(wish("shop.co.uk", "_dmarc.uk TXT v=DMARC1; p=reject")).isEqualTo(Proof.Wish.NONE);
    }

    @Test
    void theWalkIsShort() throws Exception {
        Zone zone = Zone.of();
        DmarcRecord.find("a.".repeat(100) + "example.com", new Lookups(zone));
        assertThat(zone.questions).hasSize(8).contains("_dmarc.example.com TXT", "_dmarc.com TXT");
    }
}
