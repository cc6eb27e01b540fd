/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;

/** Keys as files and records have them. */
class DkimKeyTest {
    private static final byte[] TEXT = "a text".getBytes(US_ASCII);

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + label
                + "-----\n";
    }

    private static KeyPair rsa(int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    @ParameterizedTest
    @EnumSource
    void aNewKeyIsTheSameOnceItWasWrittenAndRead(DkimKeyKind kind) throws Exception {
        DkimKey key = DkimKey.generate(kind);
        DkimKey read = DkimKey.read("comment\n" + key.pem());
        assertThat(read.kind()).isEqualTo(kind);
        assertThat(read.record()).isEqualTo(key.record()).startsWith("v=DKIM1; k=" + kind.keyword() + "; p=");

        DkimRecord record = DkimRecord.parse(key.record()).orElseThrow();
        assertThat(record.fault()).isEmpty();
        assertThat(record.isOf(read)).isTrue();
        assertThat(record.isOf(DkimKey.generate(kind))).isFalse();
        byte[] signature = read.sign(TEXT);
        assertThat(record.verifies(TEXT, signature)).isTrue();
        assertThat(record.verifies("another".getBytes(US_ASCII), signature)).isFalse();
        assertThat(record.verifies(TEXT, Arrays.copyOf(signature, signature.length - 1)))
                .isFalse();
        assertThat(record.verifies(TEXT, new byte[0])).isFalse();
    }

    @Test
    void theKeyOfRfc8463IsTheOneItNames() throws Exception {
        byte[] seed = Base64.getDecoder().decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
        byte[] pkcs8 = Arrays.copyOf(
                new byte[] {
                    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20
                },
                48);
        System.arraycopy(seed, 0, pkcs8, 16, 32);
        assertThat(DkimKey.read(pem("PRIVATE KEY", pkcs8)).record())
                .isEqualTo("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    @Test
    void keysAsOpensslOnceWroteThemAreRead() throws Exception {
        KeyPair pair = rsa(2048);
        byte[] pkcs8 = pair.getPrivate().getEncoded();
        // Behind the version and the algorithm of PKCS#8, in an octet string, is PKCS#1.
        DkimKey key = DkimKey.read(pem("RSA PRIVATE KEY", Arrays.copyOfRange(pkcs8, 26, pkcs8.length)));
        assertThat(key.kind()).isEqualTo(DkimKeyKind.RSA);
        assertThat(key.record())
                .endsWith("p="
                        + Base64.getEncoder().encodeToString(pair.getPublic().getEncoded()));
    }

    @Test
    void aShortKeyIsRefused() throws Exception {
        String weak = pem("PRIVATE KEY", rsa(1024).getPrivate().getEncoded());
        assertThatThrownBy(() -> DkimKey.read(weak))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("an RSA key of 1024 bits")
                .hasMessageContaining("2048");
    }

    @Test
    void whatIsNoKeyIsRefused() throws Exception {
        KeyPairGenerator curves = KeyPairGenerator.getInstance("EC");
        String curve = pem("PRIVATE KEY", curves.generateKeyPair().getPrivate().getEncoded());
        for (String text : new String[] {
            "",
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            curve
        }) {
            assertThatThrownBy(() -> DkimKey.read(text))
                    .as(text)
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("bin/rempart dkim new");
        }
    }

    @Test
    void aFaultNamesTheRuleAndTheFile() {
        DkimPolicy.Sign rule = DkimPolicy.Sign.of(
                "ours.example",
                "s1",
                "conf/dkim/s1.pem",
                Rule.from("rempart.xml:3:5", "<sign domain=\"ours.example\"/>"));
        assertThatThrownBy(() -> DkimKey.of(rule, url -> {
                    throw new FileNotFoundException(url);
                }))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("<sign domain=\"ours.example\"/> (rempart.xml:3:5)")
                .hasMessageContaining("conf/dkim/s1.pem is not there")
                .hasMessageContaining("bin/rempart dkim new ours.example");
        assertThatThrownBy(() -> DkimKey.of(rule, url -> new ByteArrayInputStream(url.getBytes(US_ASCII))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("conf/dkim/s1.pem holds no private key");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "v=DKIM1",
                "v=DKIM2; p=AAAA",
                "p=AAAA; v=DKIM1",
                "v=DKIM1; k=dsa; p=AAAA",
                "v=DKIM1; h=sha1; p=AAAA",
                "v=DKIM1; s=tlsrpt; p=AAAA",
                "v=DKIM1; p=AAAA; p=AAAA",
                "v=spf1 -all",
                "; p=AAAA",
                "p=AAAA;;"
            })
    void whatIsNoRecordOfAMailKeyIsNone(String text) {
        assertThat(DkimRecord.parse(text)).isEmpty();
    }

    @Test
    void aRecordMayProveNothing() throws Exception {
        assertThat(DkimRecord.parse("v=DKIM1; p=").orElseThrow().fault()).contains("the key was revoked");
        assertThat(DkimRecord.parse("p=AAAA").orElseThrow().fault()).contains("the key can't be read");
        assertThat(DkimRecord.parse("p=%%%").orElseThrow().fault()).contains("the key can't be read");
        assertThat(DkimRecord.parse("k=ed25519; p=AAAA").orElseThrow().fault()).contains("the key can't be read");
        String weak = Base64.getEncoder().encodeToString(rsa(512).getPublic().getEncoded());
        assertThat(DkimRecord.parse("p=" + weak).orElseThrow().fault()).contains("the key has 512 bits");
        String short1024 =
                Base64.getEncoder().encodeToString(rsa(1024).getPublic().getEncoded());
        assertThat(DkimRecord.parse("v=DKIM1;h=sha1:sha256;s=email:x;t=y:s;p=" + short1024 + ";n=note")
                        .orElseThrow())
                .satisfies(record -> {
                    assertThat(record.fault()).isEmpty();
                    assertThat(record.isTesting()).isTrue();
                    assertThat(record.isStrict()).isTrue();
                });
    }
}
