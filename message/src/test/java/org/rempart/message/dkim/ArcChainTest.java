/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.HeaderBlock;

/** Chains of seals as they are read. */
class ArcChainTest {
    private static final String SIGNATURE =
            "ARC-Message-Signature: i=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n";
    private static final String SEAL = "ARC-Seal: i=1; cv=none; a=rsa-sha256; d=a.example; s=s; b=AAAA\r\n";

    private static ArcChain chain(String header) throws Exception {
        return ArcChain.of(HeaderBlock.read(new ByteArrayInputStream((header + "\r\n").getBytes(ISO_8859_1))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dmarc=pass header.from=far.example | true",
                "spf=pass; DMARC=pass (p=reject) header.from=FAR.example. | true",
                "dmarc=pass policy.x=y header.from=far.example | true",
                "dmarc=fail header.from=far.example | false",
                "dmarc=pass header.from=other.example | false",
                "dmarc=pass | false",
                "spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=far.example\" | false",
                "spf=pass (; dmarc=pass header.from=far.example) | false",
                "spf=pass smtp.mailfrom=\"x\\\"; dmarc=pass header.from=far.example\" | false"
            })
    void whatTheLastServerSays(String results, boolean proven) throws Exception {
        ArcChain chain = chain(SEAL + SIGNATURE + "ARC-Authentication-Results: i=1; mx.a.example; " + results + "\r\n");
        assertThat(chain.fault()).isEmpty();
        assertThat(chain.saysProven("far.example")).isEqualTo(proven);
    }

    @Test
    void whatIsNoChain() throws Exception {
        String results = "ARC-Authentication-Results: i=1; mx; none\r\n";
        assertThat(chain("Subject: x\r\n").isEmpty()).isTrue();
        assertThat(chain(SEAL + SIGNATURE).fault()).contains("a set is not whole");
        assertThat(chain(SEAL + SIGNATURE + results + results).fault()).contains("a set has a field twice");
        assertThat(chain(SEAL.replace("i=1", "i=2") + SIGNATURE.replace("i=1", "i=2") + results.replace("i=1", "i=2"))
                        .fault())
                .contains("a set is not whole");
        assertThat(chain(SEAL.replace("i=1", "i=0") + SIGNATURE + results).fault())
                .contains("a set can't be read");
        assertThat(chain(SEAL.replace("cv=none", "cv=pass") + SIGNATURE + results)
                        .fault())
                .isPresent();
        assertThat(chain(SEAL.replace("s=s;", "s=s; h=from;") + SIGNATURE + results)
                        .fault())
                .contains("a seal proves nothing");
        assertThat(chain(SEAL + SIGNATURE.replace("h=from", "h=from:arc-seal") + results)
                        .newestSignature()
                        .fault())
                .contains("it covers a seal");
    }
}
