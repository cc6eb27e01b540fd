/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.rempart.message.HeaderBlock;

/** A message to show to a filter. */
final class SampleMessage implements FilteredMessage {
    private final HeaderBlock header;
    private final byte[] body;
    private String account;

    SampleMessage(String header, String body) {
        this.header = HeaderBlock.parse((header + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        this.body = body.getBytes(StandardCharsets.ISO_8859_1);
    }

    static SampleMessage plain() {
        return new SampleMessage(
                "From: eve@far.example\r\nSubject:  two\r\n spaces\r\nX-Raw:caf\u00e9\r\n", "Hello\r\n");
    }

    SampleMessage of(String proved) {
        account = proved;
        return this;
    }

    @Override
    public String id() {
        return "mail-1";
    }

    @Override
    public String server() {
        return "mx.ours.example";
    }

    @Override
    public InetAddress client() {
        try {
            return InetAddress.getByName("192.0.2.7");
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Override
    public Optional<String> clientName() {
        return Optional.of("mx.far.example");
    }

    @Override
    public String helo() {
        return "helo.far.example";
    }

    @Override
    public Optional<String> account() {
        return Optional.ofNullable(account);
    }

    @Override
    public Optional<String> tlsVersion() {
        return Optional.of("TLSv1.3");
    }

    @Override
    public Optional<String> cipher() {
        return Optional.of("TLS_AES_256_GCM_SHA384");
    }

    @Override
    public String sender() {
        return "eve@far.example";
    }

    @Override
    public List<String> recipients() {
        return List.of("alice@ours.example", "bob@ours.example");
    }

    @Override
    public HeaderBlock header() {
        return header;
    }

    @Override
    public long bodySize() {
        return body.length;
    }

    @Override
    public InputStream body() {
        return new ByteArrayInputStream(body);
    }
}
