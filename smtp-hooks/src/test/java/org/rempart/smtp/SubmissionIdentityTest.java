/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who an account may write as (A1): its own addresses, in the envelope and in the header. */
class SubmissionIdentityTest {
    private static final String OWN = "<identity envelope=\"own\" header=\"own\"/>";
    private static final String DOMAIN = "<identity envelope=\"domain\" header=\"domain\"/>";
    private static final String ANY = "<identity envelope=\"any\" header=\"any\"/>";
    private static final String CANNOT_DECIDE = "451 4.3.0";
    private static final String NOT_OWN = "553 5.7.1";
    private static final String UNREADABLE = "550 5.7.1";

    private final SubmissionFakes.Directory directory = new SubmissionFakes.Directory();
    private final SubmissionFakes.Session session = new SubmissionFakes.Session().account("alice@ours.example");

    private String mailFrom(String policy, String sender) throws Exception {
        return SubmissionFakes.answer(
                directory.ownSenderHook(policy).doMail(session.get(), SubmissionFakes.sender(sender)));
    }

    private String data(String policy, String... header) throws Exception {
        return SubmissionFakes.answer(directory
                .ownFromHook(policy)
                .onMessage(session.get(), SubmissionFakes.mail("alice@ours.example", header)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alice@ours.example",
                "Alice@OURS.example",
                "info@ours.example",
                "alice+newsletter@ours.example",
                "alice+a+b@ours.example",
                "info+x@ours.example"
            })
    void ownEnvelopeSendersPass(String sender) throws Exception {
        assertThat(mailFrom(OWN, sender)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bob@ours.example",
                "alice@foreign.example",
                "alice@sub.ours.example",
                "+alice@ours.example",
                "nobody@ours.example",
                "malice+alice@ours.example"
            })
    void othersEnvelopeSendersAreRefused(String sender) throws Exception {
        assertThat(mailFrom(OWN, sender)).isEqualTo(NOT_OWN);
    }

    @Test
    void aSubAddressThatBelongsToSomebodyElseIsNotOwn() throws Exception {
        assertThat(mailFrom(OWN, "alice+lists@ours.example")).isEqualTo(NOT_OWN);
        directory.accounts.add("alice+shop@ours.example");
        assertThat(mailFrom(OWN, "alice+shop@ours.example")).isEqualTo(NOT_OWN);
    }

    @Test
    void withoutVirtualHostingTheDomainCountsAllTheSame() throws Exception {
        directory.virtualHosting = false;
        session.account("alice");
        assertThat(mailFrom(OWN, "alice@ours.example")).isEmpty();
        assertThat(mailFrom(OWN, "alice@foreign.example")).isEqualTo(NOT_OWN);
    }

    @ParameterizedTest
    @CsvSource({"bob@ours.example,", "alice@ours.example,", "bob@foreign.example,553 5.7.1"})
    void domainLetsAnyAddressOfOursPass(String sender, String answer) throws Exception {
        assertThat(mailFrom(DOMAIN, sender)).isEqualTo(answer == null ? "" : answer);
        assertThat(data(DOMAIN, "From: <" + sender + ">")).isEqualTo(answer == null ? "" : answer);
    }

    @ParameterizedTest
    @CsvSource({
        "boss@bank.example,",
        "Boss@BANK.example,",
        "any@news.example,",
        // Who is reached by team@ours.example may write as it, and as nobody else.
        "team@ours.example,",
        "boss+x@bank.example,553 5.7.1",
        "other@bank.example,553 5.7.1",
        "any@more.news.example,553 5.7.1",
        "crew@ours.example,553 5.7.1",
    })
    void delegatesWriteAsOthers(String address, String answer) throws Exception {
        directory.aliases.put("team@ours.example", "alice@ours.example");
        directory.aliases.put("crew@ours.example", "bob@ours.example");
        directory.grouped.add("team@ours.example");
        String policy = OWN + "<delegate account='x, ALICE@ours.example' as='boss@bank.example, *@news.example'/>"
                + "<delegate members='team@ours.example' as='team@ours.example'/>"
                + "<delegate members='crew@ours.example' as='crew@ours.example'/>";
        String expected = answer == null ? "" : answer;
        try (AuditRecorder trail = new AuditRecorder()) {
            assertThat(mailFrom(policy, address)).isEqualTo(expected);
            assertThat(trail.events("delegated")).hasSize(answer == null ? 1 : 0);
        }
        assertThat(data(policy, "From: <" + address + ">")).isEqualTo(expected);
        assertThat(mailFrom(OWN, address)).isEqualTo(NOT_OWN);
    }

    @Test
    void aDelegateOfAGroupThatCantBeAskedIsRefusedForNow() throws Exception {
        directory.mappingsDown = true;
        String policy = OWN + "<delegate members='team@ours.example' as='team@bank.example'/>";
        assertThat(mailFrom(policy, "team@bank.example")).isEqualTo(CANNOT_DECIDE);
    }

    @Test
    void anyAsksNobody() throws Exception {
        directory.usersDown = true;
        directory.domainsDown = true;
        assertThat(mailFrom(ANY, "bob@foreign.example")).isEmpty();
        assertThat(data(ANY, "From: bob@foreign.example")).isEmpty();
        assertThat(data(ANY, "Subject: no From")).isEmpty();
    }

    @Test
    void aSessionWithoutAnAccountIsNotJudged() throws Exception {
        session.account(null);
        assertThat(mailFrom(OWN, "bob@foreign.example")).isEmpty();
        assertThat(data(OWN, "From: bob@foreign.example")).isEmpty();
    }

    @Test
    void aDirectoryThatIsDownRefusesForNow() throws Exception {
        directory.usersDown = true;
        assertThat(mailFrom(OWN, "alice@ours.example")).isEqualTo(CANNOT_DECIDE);
        assertThat(data(OWN, "From: alice@ours.example")).isEqualTo(CANNOT_DECIDE);
        directory.usersDown = false;
        directory.domainsDown = true;
        assertThat(mailFrom(DOMAIN, "bob@ours.example")).isEqualTo(CANNOT_DECIDE);
        directory.domainsDown = false;
        directory.mappingsDown = true;
        assertThat(mailFrom(OWN, "info@ours.example")).isEqualTo(CANNOT_DECIDE);
        assertThat(data(OWN, "From: info@ours.example")).isEqualTo(CANNOT_DECIDE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: alice@ours.example",
                "FROM : Alice <alice@ours.example>",
                "From: Alice Liddell\r\n\t<alice@ours.example>",
                "From: \"Liddell, Alice\" <alice@ours.example>",
                "From: (work) alice@ours.example (Alice)",
                "From: \"alice@ours.example\" <alice@ours.example>",
                "From: =?utf-8?q?Alice_L=C3=ADddell?= <alice@OURS.EXAMPLE>",
                "From: \"alice\"@ours.example",
                "From: <alice@ours.example>, Info <info@ours.example>",
                "From: us: alice@ours.example, info@ours.example;",
                "From: alice (at home) @ ours.example",
                "From: \"Alice @ Ours, v1.0@2.5\" <alice@ours.example>",
                "From: \u00c1lice <alice@ours.example>",
                "From: alice@ours.example\r\nSender: info@ours.example\r\nResent-From: alice+r@ours.example",
            })
    void ownOriginatorsPass(String header) throws Exception {
        assertThat(data(OWN, header)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: bob@ours.example",
                "From: alice@foreign.example",
                "From: alice@ours.example\r\nFrom: bob@ours.example",
                "From: bob@ours.example\r\nfrom : alice@ours.example",
                "From: alice@ours.example, bob@ours.example",
                "From: Alice\r\n <bob@ours.example>",
                "From:\r\n bob@ours.example",
                "From: alice@ours.example\r\nSender: bob@ours.example",
                "From: alice@ours.example\r\nResent-From: bob@ours.example",
                "From: alice@ours.example\r\nResent-Sender: bob@ours.example",
                "From: us: alice@ours.example, bob@ours.example;",
                "From: \"bob@ours.example\" <alice@ours.example>",
                "From: \"The boss (boss@bank.example)\" <alice@ours.example>",
                "From: alice@ours.example (boss@bank.example)",
                "From: =?utf-8?q?boss=40bank=2Eexample?= <alice@ours.example>",
                "From: =?utf-8?q?boss=EF=BC=A0bank.example?= <alice@ours.example>",
                "From: =?utf-8?q?bo=E2=80=8Bss=40bank.example?= <alice@ours.example>",
                "From: bob@ours.example <alice@ours.example>",
                "From: <alice@ours.example> <bob@ours.example>",
                "From: <alice@ours.example> \"bob\"@ours.example",
                "From: alice(<alice@ours.example>)@foreign.example",
                "From: alice@ours.example.foreign.example",
                "From: alice@xn--ours-xxx.example",
                "From: alice@b\u00fccher.example",
                "From: alice@[192.0.2.1]",
                "From: \"bob@bank.example\"@ours.example",
                "From: alice@ours.example(,)bob@ours.example",
                "From: =?utf-8?q?boss@bank.example?= <alice@ours.example>",
                "From: \"boss @ bank.example\" <alice@ours.example>",
                "From: =?utf-8*en?Q?boss=40bank.example?= <alice@ours.example>",
                "From: =?no-such?Q?boss=40bank.example?= <alice@ours.example>",
                "From: =?utf-8?B?Ym9zc0BiYW5rLmV4YW1wbGU?= <alice@ours.example>",
            })
    void othersOriginatorsAreRefused(String header) throws Exception {
        assertThat(data(OWN, header)).isEqualTo(NOT_OWN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Subject: no From",
                "From:",
                "From: Alice",
                "From: undisclosed:;",
                "From: \"alice@ours.example",
                "From: alice@ours.example (unfinished",
                "From: @bank.example:alice@ours.example",
                "From: alice@ours.example @",
                "From: alice@ours.example\r\nSender: nobody",
                " From: alice@ours.example",
                "X: 1\r\nno field\r\nFrom: alice@ours.example",
                "From: alice@ours.example\r\nX: hidden\rFrom: bob@ours.example",
                "From: alice@ours.example\r\nX: hidden\nFrom: bob@ours.example",
                "From: alice@ours.example\r\n\u00c0From: bob@ours.example",
                "From: alice@ours.example\r\nFr\u0000om: bob@ours.example",
            })
    void whatCanBeReadInMoreThanOneWayIsRefused(String header) throws Exception {
        assertThat(data(OWN, header)).isEqualTo(UNREADABLE);
    }

    @Test
    void anInternationalisedDomainIsTheSameInBothForms() throws Exception {
        session.account("alice@xn--bcher-kva.example");
        directory.accounts.add("alice@xn--bcher-kva.example");
        byte[] utf8 = "From: alice@b\u00fccher.example\r\n\r\n".getBytes(StandardCharsets.UTF_8);
        assertThat(SubmissionFakes.answer(directory
                        .ownFromHook(OWN)
                        .onMessage(session.get(), SubmissionFakes.mail("alice@ours.example", utf8))))
                .isEmpty();
        assertThat(data(OWN, "From: alice@xn--bcher-kva.example")).isEmpty();
    }

    @Test
    void anAddressInBase64IsSeen() throws Exception {
        String hidden = Base64.getEncoder().encodeToString("boss@bank.example".getBytes(StandardCharsets.UTF_8));
        assertThat(data(OWN, "From: =?UTF-8?B?" + hidden + "?= <alice@ours.example>"))
                .isEqualTo(NOT_OWN);
    }

    @Test
    void aHeaderIsReadToItsLimitAndNotFurther() throws Exception {
        String line = "X-Filler: " + "x".repeat(980) + "\r\n";
        assertThat(data(OWN, line.repeat(900) + "From: alice@ours.example")).isEmpty();
        assertThat(data(OWN, line.repeat(1100) + "From: alice@ours.example")).isEqualTo(UNREADABLE);
        assertThat(data(OWN, "From: " + "\"a\" ".repeat(20_000) + "<alice@ours.example>"))
                .isEqualTo(UNREADABLE);
    }

    @Test
    void whatStandsInTheBodyIsNoOriginator() throws Exception {
        assertThat(data(OWN, "From: alice@ours.example", "", "From: bob@ours.example"))
                .isEmpty();
    }

    @Test
    void theNullSenderIsForReadReceipts() throws Exception {
        assertThat(mailFrom(OWN, "")).isEmpty();
        String type = "Content-Type: Multipart/Report;\r\n boundary=b; report-type=\"Disposition-Notification\"";
        String receipt =
                type + "\r\n\r\n--b\r\n\r\nIt was read.\r\n--b\r\nContent-Type: message/disposition-notification\r\n"
                        + "\r\nFinal-Recipient: rfc822;alice@ours.example\r\n"
                        + "Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--";
        assertThat(nullSender(OWN, "From: alice@ours.example", receipt)).isEmpty();
        assertThat(nullSender(OWN, "From: bob@ours.example", receipt)).isEqualTo(NOT_OWN);
        assertThat(nullSender(DOMAIN, "From: bob@ours.example", receipt)).isEmpty();
        for (String other : List.of(
                "Content-Type: text/plain",
                "Content-Type: multipart/report; report-type=delivery-status",
                "Content-Type: multipart/mixed; report-type=disposition-notification",
                type + "\r\nContent-Type: text/html",
                type,
                type + "\r\n\r\n--b\r\n\r\nBuy this.\r\n--b--",
                "X: no type")) {
            assertThat(nullSender(OWN, "From: alice@ours.example", other))
                    .as(other)
                    .isEqualTo(NOT_OWN);
        }
        assertThat(nullSender(ANY, "From: bob@ours.example", "Content-Type: text/plain"))
                .isEmpty();
    }

    private String nullSender(String policy, String... header) throws Exception {
        return SubmissionFakes.answer(
                directory.ownSenderHook(policy).onMessage(session.get(), SubmissionFakes.mail("", header)));
    }
}
