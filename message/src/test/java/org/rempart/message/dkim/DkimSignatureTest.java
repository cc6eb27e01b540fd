/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimRecord;

/** Signatures as they are read and verified. */
class DkimSignatureTest {
    /** RFC 8463, appendix A. */
    private static final String RFC_8463 = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
            + " d=football.example.com; i=@football.example.com;\r\n"
            + " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
            + " subject : date : message-id : from : subject : date;\r\n"
            + " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
            + " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
            + " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
            + "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            + " d=football.example.com; i=@football.example.com;\r\n"
            + " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
            + " date : message-id : from : subject : date;\r\n"
            + " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
            + " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
            + " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
            + " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
            + "From: Joe SixPack <joe@football.example.com>\r\n"
            + "To: Suzie Q <suzie@shopping.example.net>\r\n"
            + "Subject: Is dinner ready?\r\n"
            + "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
            + "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
            + "\r\n"
            + "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

    private static final DkimRecord BRISBANE =
            record("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    private static final DkimRecord TEST = record("v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
            + "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
            + "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
            + "Ip3G+2kryOTIKT+l/K4w3QIDAQAB");

    private static DkimRecord record(String text) {
        return DkimRecord.parse(text).orElseThrow();
    }

    private static HeaderBlock header(String message) throws Exception {
        return HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
    }

    /** Of each signature whether it holds, the body and the header. */
    private static String verdicts(String message, DkimRecord... records) throws Exception {
        HeaderBlock header = header(message);
        byte[] body = message.substring(header.length()).getBytes(ISO_8859_1);
        StringBuilder verdicts = new StringBuilder();
        List<DkimSignature> signatures = DkimSignature.of(header);
        for (int i = 0; i < signatures.size(); i++) {
            DkimSignature signature = signatures.get(i);
            assertThat(signature.fault()).isEmpty();
            assertThat(signature.faultOf(records[i])).isEmpty();
            DkimSignature.BodyDigest digest = signature.digest(() -> new ByteArrayInputStream(body));
            verdicts.append(signature.isOf(digest) ? "body " : "- ")
                    .append(signature.coversAll(digest) ? "all " : "part ")
                    .append(signature.isOf(header, records[i]) ? "header " : "- ");
        }
        return verdicts.toString().trim();
    }

    @Test
    void theExampleOfRfc8463() throws Exception {
        assertThat(verdicts(RFC_8463, BRISBANE, TEST)).isEqualTo("body all header body all header");
        assertThat(verdicts(RFC_8463.replace("dinner", "supper"), BRISBANE, TEST))
                .isEqualTo("body all - body all -");
        assertThat(verdicts(RFC_8463.replace("Joe.", "Jo."), BRISBANE, TEST)).isEqualTo("- all header - all header");
        assertThat(verdicts(RFC_8463.replace("\r\n\r\nHi", "\r\nSubject: second\r\n\r\nHi"), BRISBANE, TEST))
                .isEqualTo("body all - body all -");
        // Relaxed.
        assertThat(verdicts(
                        RFC_8463.replace("Subject: Is", "SUBJECT :\r\n\t Is").replace("game.  ", "game. "),
                        BRISBANE,
                        TEST))
                .isEqualTo("body all header body all header");
    }

    @Test
    void whatWeSignWeVerify() throws Exception {
        DkimKey rsa = DkimKey.generate(DkimKeyKind.RSA);
        DkimKey ed25519 = DkimKey.generate(DkimKeyKind.ED25519);
        String signed = DkimSignerTest.sign(DkimSignerTest.MESSAGE, "ours.example", rsa, ed25519);
        assertThat(verdicts(signed, record(rsa.record()), record(ed25519.record())))
                .isEqualTo("body all header body all header");
        assertThat(verdicts("To: added\r\n" + signed, record(rsa.record()), record(ed25519.record())))
                .isEqualTo("body all - body all -");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v=1 | v=2 | its version is unknown",
                "v=1; | '' | it lacks v=",
                "a=ed25519-sha256 | a=rsa-sha1 | its algorithm proves nothing",
                "c=relaxed/relaxed | c=relaxed/odd | its canonicalisation is unknown",
                "c=relaxed/relaxed | c=simple/simple/simple | its canonicalisation is unknown",
                "h=from : to | h=to | it does not cover From",
                "i=@football.example.com | i=@example.com | its identity is of another domain",
                "q=dns/txt | q=other | its key is not in the DNS",
                "t=1528637909 | x=soon | its x= is no number",
                "t=1528637909 | l=-1 | its l= is no number",
                "d=football.example.com | d=..; x=1 | it names no domain and selector",
                "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8= | bh=%% | it is not in base64",
                "s=brisbane | s=a; s=b | it can't be read"
            })
    void whatProvesNothing(String text, String other, String fault) throws Exception {
        String message = RFC_8463.replaceFirst(java.util.regex.Pattern.quote(text), other)
                .replaceFirst("from : subject : date;", other.startsWith("h=") ? "date;" : "from : subject : date;");
        assertThat(DkimSignature.of(header(message)).get(0).fault()).contains(fault);
    }

    @Test
    void aKeyMustBeForTheSignature() throws Exception {
        DkimSignature signature = DkimSignature.of(header(RFC_8463.replace("i=@football", "i=joe@a.football")))
                .get(0);
        assertThat(signature.fault()).isEmpty();
        assertThat(signature.faultOf(TEST)).contains("the key is of another kind");
        assertThat(signature.faultOf(BRISBANE)).isEmpty();
        assertThat(signature.faultOf(record("k=ed25519; t=s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")))
                .contains("the key is for the domain itself alone");
        assertThat(signature.faultOf(record("k=ed25519; p="))).contains("the key was revoked");
        assertThat(signature.recordName()).isEqualTo("brisbane._domainkey.football.example.com");
        assertThat(signature.beginning()).isEqualTo("/gCrinpc");
    }

    @Test
    void behindTheLengthAnybodyMayAdd() throws Exception {
        DkimSignature signature = DkimSignature.of(header(RFC_8463.replaceFirst("t=1528637909", "l=3")))
                .get(0);
        byte[] body = "Hi.\r\nmore\r\n".getBytes(ISO_8859_1);
        assertThat(signature.coversAll(signature.digest(() -> new ByteArrayInputStream(body))))
                .isFalse();
        byte[] all = "Hi.".getBytes(ISO_8859_1);
        assertThat(signature.coversAll(signature.digest(() -> new ByteArrayInputStream(all))))
                .isFalse();
        DkimSignature whole = DkimSignature.of(header(RFC_8463.replaceFirst("t=1528637909", "l=5")))
                .get(0);
        assertThat(whole.coversAll(whole.digest(() -> new ByteArrayInputStream(all))))
                .isTrue();
    }
}
