/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.james.transport.mailets.RemoveMimeHeader;
import org.apache.james.transport.mailets.RemoveMimeHeaderByPrefix;
import org.apache.james.user.api.UsersRepository;
import org.apache.mailet.Mailet;
import org.apache.mailet.base.test.FakeMailContext;
import org.apache.mailet.base.test.FakeMailetConfig;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.rempart.mailet.StripHeaders;
import org.rempart.policy.server.ServerPolicy;

/**
 * A mail of 24 fields that stay and some that do not, as it comes from the queue, through the mailet: with no mailet, with
 * ours, and with James's two that remove the same fields by name and by prefix. Once to the end of the mailet, and once
 * written out to the next hop, where the bytes are counted and dropped, so that no copy of the body is the benchmark's own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HeaderRemoval {
    @Param({"4096", "1048576", "26214400"})
    private int messageBytes;

    @Param({"6", "30"})
    private int removedFields;

    private MimeMessageSource source;
    private Mailet stripHeaders;
    private Mailet removeMimeHeader;
    private Mailet removeMimeHeaderByPrefix;

    @Setup
    public void prepare() throws Exception {
        source = new InMemory(message(messageBytes, removedFields));
        FakeMailContext context = FakeMailContext.defaultContext();

        stripHeaders = new StripHeaders(new ServerPolicy(new NoFiles()), new OneDomain(), nobodyAsks());
        stripHeaders.init(FakeMailetConfig.builder()
                .mailetName("StripHeaders")
                .mailetContext(context)
                .setProperty("strip", "X-Acme-*, X-Mailer, X-Originating-IP")
                .setProperty("received", "keep")
                .setProperty("signed", "strip")
                .setProperty("values", "keep")
                .build());

        removeMimeHeader = new RemoveMimeHeader();
        removeMimeHeader.init(FakeMailetConfig.builder()
                .mailetName("RemoveMimeHeader")
                .mailetContext(context)
                .setProperty("name", "X-Mailer,X-Originating-IP")
                .build());
        removeMimeHeaderByPrefix = new RemoveMimeHeaderByPrefix();
        removeMimeHeaderByPrefix.init(FakeMailetConfig.builder()
                .mailetName("RemoveMimeHeaderByPrefix")
                .mailetContext(context)
                .setProperty("prefix", "X-Acme-")
                .build());

        requireStripped(stripHeaders);
        requireStripped(removeMimeHeader, removeMimeHeaderByPrefix);
    }

    /** What remains when no header is touched: reading the mail and writing it. */
    @Benchmark
    public long noMailetAndOut() throws Exception {
        return out();
    }

    @Benchmark
    public long stripHeadersAndOut() throws Exception {
        return out(stripHeaders);
    }

    @Benchmark
    public long removeMimeHeadersAndOut() throws Exception {
        return out(removeMimeHeader, removeMimeHeaderByPrefix);
    }

    /** What the mailet alone costs. */
    @Benchmark
    public long stripHeaders() throws Exception {
        return through(stripHeaders);
    }

    @Benchmark
    public long removeMimeHeaders() throws Exception {
        return through(removeMimeHeader, removeMimeHeaderByPrefix);
    }

    private long through(Mailet... mailets) throws MessagingException {
        MailImpl mail = mail(mailets);
        try {
            return mail.getMessageSize();
        } finally {
            mail.dispose();
        }
    }

    private long out(Mailet... mailets) throws MessagingException, IOException {
        Counting wire = new Counting();
        write(wire, mailets);
        return wire.count;
    }

    private void write(OutputStream wire, Mailet... mailets) throws MessagingException, IOException {
        MailImpl mail = mail(mailets);
        try {
            mail.getMessage().writeTo(wire);
        } finally {
            mail.dispose();
        }
    }

    private MailImpl mail(Mailet... mailets) throws MessagingException {
        MailImpl mail = MailImpl.builder()
                .name("benchmark")
                .sender("alice@example.com")
                .addRecipient("bob@remote.example")
                .build();
        mail.setMessageNoCopy(new MimeMessageWrapper(source));
        for (Mailet mailet : mailets) {
            mailet.service(mail);
        }
        return mail;
    }

    private void requireStripped(Mailet... mailets) throws MessagingException, IOException {
        ByteArrayOutputStream wire = new ByteArrayOutputStream(messageBytes + 1024);
        write(wire, mailets);
        String message = wire.toString(StandardCharsets.ISO_8859_1);
        if (message.contains("X-Acme-") || message.contains("X-Mailer") || !message.contains("Subject:")) {
            throw new IllegalStateException("The benchmark measures another case; the header is:\n"
                    + message.substring(0, Math.min(2000, message.length())));
        }
    }

    /** The next hop: it counts. */
    private static final class Counting extends OutputStream {
        private long count;

        @Override
        public void write(int b) {
            count++;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            count += length;
        }
    }

    /** A usual header of 24 fields, those to be removed, and text up to the size. */
    private static byte[] message(int size, int removed) throws IOException {
        StringBuilder header = new StringBuilder();
        for (int hop = 0; hop < 4; hop++) {
            header.append("Received: from relay")
                    .append(hop)
                    .append(".inside.example (relay.inside.example [10.0.0.1])\r\n\tby mx.inside.example with ESMTP;"
                            + " Tue, 24 Nov 2026 10:00:00 +0000\r\n");
        }
        for (int number = 0; number < 13; number++) {
            header.append("X-Other-").append(number).append(": value that stays\r\n");
        }
        header.append("X-Mailer: Mailer 1.0\r\nX-Originating-IP: [10.0.0.7]\r\nX-Acme-Route: a,\r\n b, c\r\n");
        for (int number = 3; number < removed; number++) {
            header.append("X-Acme-").append(number).append(": clean\r\n");
        }
        header.append("From: alice@example.com\r\nTo: bob@remote.example\r\nSubject: benchmark\r\n")
                .append("Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n")
                .append("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
        ByteArrayOutputStream message = new ByteArrayOutputStream(size);
        message.write(header.toString().getBytes(StandardCharsets.US_ASCII));
        byte[] line = "A line of text, as long as lines of text in mail usually are, no more.\r\n"
                .getBytes(StandardCharsets.US_ASCII);
        while (message.size() + line.length <= size) {
            message.write(line);
        }
        return message.toByteArray();
    }

    /** The mailet is configured inline and reads no file. */
    private static final class NoFiles implements FileSystem {
        @Override
        public InputStream getResource(String url) throws IOException {
            throw new FileNotFoundException(url);
        }

        @Override
        public File getFile(String url) throws FileNotFoundException {
            throw new FileNotFoundException(url);
        }

        @Override
        public File getBasedir() throws FileNotFoundException {
            throw new FileNotFoundException("There is no base folder");
        }
    }

    /** Where no value is rewritten, no account is looked up. */
    private static UsersRepository nobodyAsks() {
        return (UsersRepository) Proxy.newProxyInstance(
                UsersRepository.class.getClassLoader(),
                new Class<?>[] {UsersRepository.class},
                (proxy, method, arguments) -> {
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    /** What the server receives mail for: example.com. */
    private static final class OneDomain implements DomainList {
        private static final Domain DOMAIN = Domain.of("example.com");

        @Override
        public List<Domain> getDomains() {
            return List.of(DOMAIN);
        }

        @Override
        public boolean containsDomain(Domain domain) {
            return DOMAIN.equals(domain);
        }

        @Override
        public void addDomain(Domain domain) {
            throw new UnsupportedOperationException("The list is fixed");
        }

        @Override
        public void removeDomain(Domain domain) {
            throw new UnsupportedOperationException("The list is fixed");
        }

        @Override
        public Domain getDefaultDomain() {
            return DOMAIN;
        }
    }

    /** A message in memory, so that the disk is not measured. */
    private static final class InMemory implements MimeMessageSource {
        private final byte[] message;

        InMemory(byte[] message) {
            this.message = message;
        }

        @Override
        public String getSourceId() {
            return "benchmark";
        }

        @Override
        public InputStream getInputStream() {
            return new ByteArrayInputStream(message);
        }

        @Override
        public long getMessageSize() {
            return message.length;
        }
    }
}
