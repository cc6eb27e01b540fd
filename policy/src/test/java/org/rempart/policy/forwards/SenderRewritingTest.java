/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.apache.james.core.MailAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.forwards.SenderRewriting.Kind;

/** Senders of mail that is sent on: what becomes of them, and of what comes back to them. */
class SenderRewritingTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final byte[] KEY = new byte[32];

    private static SenderRewriting after(Duration time) {
        return new SenderRewriting(KEY, Duration.ofDays(21), Clock.fixed(NOW.plus(time), ZoneOffset.UTC));
    }

    private static MailAddress rewritten(String sender) throws Exception {
        return after(Duration.ZERO)
                .rewrite(new MailAddress(sender), "ours.example")
                .orElseThrow();
    }

    private static Kind kind(String address) throws Exception {
        return after(Duration.ZERO).read(new MailAddress(address)).kind();
    }

    @Test
    void aSenderHasTheFormThatOthersKnow() throws Exception {
        assertThat(rewritten("Carol@FAR.example").asString())
                .matches("SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\\.example=Carol@ours\\.example");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "carol@far.example",
                "Carol.Smith+tag@Far.example",
                "bounce=alice=ours.example@list.example",
                "\"two words\"@far.example",
                "\"q\\\"uote\"@far.example",
                "\".dot.\"@far.example",
                "carol@[192.0.2.7]",
                "\"two words\"@[192.0.2.7]",
                "SRS0=XX=YY=far.example=carol@one.example",
                "SRS0+XX=YY=far.example=carol@one.example",
                "srs0-xx=yy=far.example=carol@one.example",
                "SRS0=@far.example",
                "SRS1=@far.example",
                "SRS1=XX@far.example",
                "0100018f2b7c8a3e-5d1c0a4e-7b52-4f0e-9a57-1c2d3e4f5a6b-000000@mail.far.example"
            })
    void whatComesBackFindsTheSender(String sender) throws Exception {
        MailAddress address = rewritten(sender);
        SenderRewriting.Found found = after(Duration.ofDays(5)).read(address);
        assertThat(found.kind()).as(address.asString()).isEqualTo(Kind.GOOD);
        assertThat(found.sender().orElseThrow().asString()).isEqualToIgnoringCase(new MailAddress(sender).asString());
    }

    @Test
    void aSenderThatOthersHaveRewrittenKeepsWhatTheyWrote() throws Exception {
        MailAddress second = rewritten("SRS0=XX=YY=far.example=carol@one.example");
        assertThat(second.asString())
                .matches("SRS1=[A-Z2-7]{10}=one\\.example==XX=YY=far\\.example=carol@ours\\.example");
        MailAddress third = rewritten("SRS1=ZZ=one.example==XX=YY=far.example=carol@two.example");
        // Bounces need not pass all servers between.
        assertThat(third.asString())
                .matches("SRS1=[A-Z2-7]{10}=one\\.example==XX=YY=far\\.example=carol@ours\\.example");
        assertThat(after(Duration.ZERO).read(third).sender().orElseThrow().asString())
                .isEqualTo("SRS0=XX=YY=far.example=carol@one.example");
    }

    @Test
    void caseDoesNotCount() throws Exception {
        for (String sender : List.of("Carol@far.example", "SRS0=Xx=yY=far.example=Carol@one.example")) {
            String address = rewritten(sender).asString();
            for (String changed : List.of(address.toLowerCase(Locale.ROOT), address.toUpperCase(Locale.ROOT))) {
                assertThat(kind(changed)).as(changed).isEqualTo(Kind.GOOD);
            }
        }
    }

    @Test
    void anAddressIsGoodForSoManyDays() throws Exception {
        for (String sender : List.of("carol@far.example", "SRS0=XX=YY=far.example=carol@one.example")) {
            MailAddress address = rewritten(sender);
            assertThat(after(Duration.ofDays(21)).read(address).kind()).isEqualTo(Kind.GOOD);
            assertThat(after(Duration.ofDays(22)).read(address).kind()).isEqualTo(Kind.EXPIRED);
            assertThat(after(Duration.ofDays(1022)).read(address).kind()).isEqualTo(Kind.EXPIRED);
            // The day comes again, the address does not.
            assertThat(after(Duration.ofDays(1024)).read(address).kind()).isEqualTo(Kind.FORGED);
            // Another server's clock is behind.
            assertThat(after(Duration.ofDays(-1)).read(address).kind()).isEqualTo(Kind.GOOD);
            assertThat(after(Duration.ofDays(-2)).read(address).kind()).isEqualTo(Kind.FORGED);
        }
    }

    @Test
    void nobodyElseMakesOne() throws Exception {
        String address = rewritten("carol@far.example").asString();
        String hash = address.substring(5, 13);
        String day = address.substring(14, 16);
        assertThat(kind("SRS0=" + hash + "=" + day + "=far.example=dave@ours.example"))
                .isEqualTo(Kind.FORGED);
        assertThat(kind("SRS0=" + hash + "=" + day + "=fer.example=carol@ours.example"))
                .isEqualTo(Kind.FORGED);
        assertThat(kind("SRS0=" + hash + "=AA=far.example=carol@ours.example")).isEqualTo(Kind.FORGED);
        assertThat(kind("SRS1=" + hash + day + "=far.example==carol@ours.example"))
                .isEqualTo(Kind.FORGED);
        byte[] other = KEY.clone();
        other[0] = 1;
        assertThat(new SenderRewriting(other, Duration.ofDays(21), Clock.fixed(NOW, ZoneOffset.UTC))
                        .read(new MailAddress(address))
                        .kind())
                .isEqualTo(Kind.FORGED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SRS0=@ours.example",
                "srs0=AAAA=BB=far.example=carol@ours.example",
                "SRS0=AAAAAAAA=BB=far.example=@ours.example",
                "SRS0=AAAAAAAA=BB==carol@ours.example",
                "SRS0=AAAAAAA1=BB=far.example=carol@ours.example",
                "SRS1=AAAAAAAABB=far.example=XX=YY=far.example=carol@ours.example",
                "\"SRS0=AAAAAAAA=BB=far.example=a b\"@ours.example"
            })
    void whatHasTheFormAloneIsForged(String address) throws Exception {
        assertThat(kind(address)).isEqualTo(Kind.FORGED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "carol@ours.example",
                "srs@ours.example",
                "SRS0@ours.example",
                "SRS2=a@ours.example",
                "SRS0+a@ours.example"
            })
    void otherAddressesAreOthers(String address) throws Exception {
        assertThat(kind(address)).isEqualTo(Kind.OTHER);
    }

    @Test
    void anAddressThatWouldBeTooLongIsNotMade() throws Exception {
        MailAddress sender = new MailAddress("c".repeat(213) + "@far.example");
        assertThat(after(Duration.ZERO).rewrite(sender, "ours.example")).isEmpty();
        assertThat(rewritten("c".repeat(200) + "@far.example").asString()).hasSizeLessThanOrEqualTo(254);
    }

    @Property(tries = 2000)
    void whateverIsReadNothingFails(@ForAll @StringLength(max = 40) String text) {
        for (String tag : List.of("SRS0=", "SRS1=", "\"SRS0=", "SRS0=AAAAAAAA=AA=", "SRS1=AAAAAAAAAA=")) {
            MailAddress address;
            try {
                address = new MailAddress(tag + text + "@ours.example");
            } catch (javax.mail.internet.AddressException | RuntimeException none) {
                continue;
            }
            assertThat(after(Duration.ZERO).read(address).kind()).isIn(Kind.FORGED, Kind.OTHER);
            MailAddress again = address;
            after(Duration.ZERO)
                    .rewrite(again, "ours.example")
                    .ifPresent(rewritten -> assertThat(
                                    after(Duration.ZERO).read(rewritten).kind())
                            .as(again.asString())
                            .isEqualTo(Kind.GOOD));
        }
    }
}
