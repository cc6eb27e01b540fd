/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.Req;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.jcajce.JcaBasicOCSPRespBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** The OCSP responder of an authority (RFC 6960), for which each certificate is good. */
public final class OcspResponder implements AutoCloseable {
    private static final Duration VALIDITY = Duration.ofHours(1);

    private final HttpServer server;
    private final CertificateAuthority authority;
    private final AtomicInteger questions = new AtomicInteger();

    private OcspResponder(HttpServer server, CertificateAuthority authority) {
        this.server = server;
        this.authority = authority;
    }

    /** Answers at a free port of loopback until it is closed. */
    public static OcspResponder start(CertificateAuthority authority) throws IOException {
        OcspResponder responder = new OcspResponder(
                HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 50),
                authority);
        responder.server.createContext("/", responder::answer);
        responder.server.start();
        return responder;
    }

    /** Where it is, as certificates name it. */
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    /** How often it was asked. */
    public int questions() {
        return questions.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            questions.incrementAndGet();
            byte[] question = exchange.getRequestMethod().equals("POST")
                    ? exchange.getRequestBody().readAllBytes()
                    : Base64.getDecoder()
                            .decode(URLDecoder.decode(
                                    exchange.getRequestURI()
                                            .getRawPath()
                                            .substring(1)
                                            .replace("+", "%2B"),
                                    StandardCharsets.US_ASCII));
            byte[] answer = answer(new OCSPReq(question));
            exchange.getResponseHeaders().set("Content-Type", "application/ocsp-response");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (GeneralSecurityException | OCSPException | OperatorCreationException impossible) {
            throw new IOException(impossible);
        }
    }

    private byte[] answer(OCSPReq question)
            throws GeneralSecurityException, OCSPException, OperatorCreationException, IOException {
        JcaBasicOCSPRespBuilder builder = new JcaBasicOCSPRespBuilder(
                authority.keys().getPublic(),
                new JcaDigestCalculatorProviderBuilder().build().get(RespID.HASH_SHA1));
        Instant now = Instant.now();
        for (Req request : question.getRequestList()) {
            builder.addResponse(
                    request.getCertID(), CertificateStatus.GOOD, Date.from(now), Date.from(now.plus(VALIDITY)), null);
        }
        String how =
                KeyKind.valueOf(authority.keys().getPrivate().getAlgorithm()).signature();
        BasicOCSPResp signed = builder.build(
                new JcaContentSignerBuilder(how).build(authority.keys().getPrivate()),
                new X509CertificateHolder[] {
                    new X509CertificateHolder(authority.certificate().getEncoded())
                },
                Date.from(now));
        return new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, signed).getEncoded();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
