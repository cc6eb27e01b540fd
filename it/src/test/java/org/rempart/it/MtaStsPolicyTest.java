/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.RawClient;
import org.rempart.testsupport.ServerCertificate;

@DisplayName("The packaged server serves the MTA-STS policy of its domains")
class MtaStsPolicyTest {
    private static String ask(InetSocketAddress address, String host) throws IOException {
        try (RawClient client = new RawClient(address).tls()) {
            return client.send("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
                    .untilClosed();
        }
    }

    @Test
    void whereItIsSwitchedOn() throws Exception {
        try (Variant variant = new Variant("mta-sts")) {
            InetSocketAddress web = new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.next());
            variant.edit(
                    "rempart.xml",
                    "<outbound default=",
                    "<mta-sts serve=\"127.0.0.1:" + web.getPort()
                            + "\" mode=\"testing\" mx=\"mail.example.com\" maxAge=\"1d\"/><outbound default=");
            Path certificate = variant.home().resolve("conf/tls/certificate.pem");
            Path key = variant.home().resolve("conf/tls/private-key.pem");
            variant.start();

            String policy = "version: STSv1\nmode: testing\nmx: mail.example.com\nmax_age: 86400\n";
            assertThat(ask(web, "mta-sts." + variant.domain()))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("\r\n\r\n" + policy);
            assertThat(ask(web, "mta-sts.theirs.example")).startsWith("HTTP/1.1 404 ");
            variant.administer("PUT", "/domains/new.example", "", "*/*");
            assertThat(ask(web, "mta-sts.new.example")).startsWith("HTTP/1.1 200 ");

            ServerCertificate renewed = CertificateRequest.of("mail.example.com", "mta-sts." + variant.domain())
                    .selfSigned();
            renewed.writePem(certificate, key);
            Result reload = variant.run("", "reload");
            assertThat(reload.exitCode()).as(reload.output()).isZero();
            try (RawClient client = new RawClient(web).tls()) {
                assertThat(client.certificate()).isEqualTo(renewed.certificate());
            }

            assertThat(variant.run("", "doctor").output())
                    .contains("the policy of mta-sts." + variant.domain() + " is served at 127.0.0.1:" + web.getPort())
                    .contains("does not name mta-sts.new.example");
            assertThat(variant.run("", "dns", variant.domain(), "--host", "mail.example.com", "--zone")
                            .output())
                    .containsPattern("_mta-sts\\." + variant.domain() + "\\. TXT \"v=STSv1; id=[0-9a-f]{20}\"");
        }
    }
}
