/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageWrapper;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/** Real messages, and worse ones, through the mailet as it is configured when nobody configures it. */
class StripHeadersCorpusTest {
    private static final Set<String> MAY_CHANGE = Set.of(
            "received",
            "x-mailer",
            "user-agent",
            "x-originating-ip",
            "mime-version",
            "message-id",
            "resent-message-id",
            "in-reply-to",
            "references",
            "authentication-results",
            "arc-authentication-results",
            "arc-message-signature",
            "arc-seal",
            "received-spf");
    private static final Pattern INNER = Pattern.compile(
            "\\b(?:10\\.\\d+\\.\\d+\\.\\d+|192\\.168\\.\\d+\\.\\d+|127\\.\\d+\\.\\d+\\.\\d+|172\\.(?:1[6-9]|2\\d|3[01])\\.\\d+\\.\\d+)\\b");

    /** Line ends as they are, and as other systems would have stored the message. */
    private static final TreeMap<String, UnaryOperator<String>> LINE_ENDS = new TreeMap<>();

    static {
        LINE_ENDS.put("as it is", text -> text);
        LINE_ENDS.put("CRLF", text -> text.replaceAll("\r?\n", "\r\n"));
        LINE_ENDS.put("LF", text -> text.replace("\r\n", "\n"));
        LINE_ENDS.put("CR", text -> text.replaceAll("\r?\n", "\r"));
    }

    @TestFactory
    Stream<DynamicTest> corpus() throws IOException {
        String corpus = System.getProperty("rempart.corpus", "");
        Assumptions.assumeTrue(
                !corpus.isEmpty() && Files.isDirectory(Path.of(corpus)),
                "no messages: the system property rempart.corpus names no folder");
        List<Path> messages;
        try (Stream<Path> files = Files.walk(Path.of(corpus))) {
            messages = files.filter(file -> file.toString().endsWith(".msg"))
                    .sorted()
                    .collect(Collectors.toList());
        }
        assertThat(messages).isNotEmpty();
        return messages.stream().flatMap(file -> tests(String.valueOf(file.getFileName()), read(file)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, ISO_8859_1);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @TestFactory
    Stream<DynamicTest> worse() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream in = StripHeadersCorpusTest.class.getResourceAsStream("worse.txt")) {
            assertThat(in).isNotNull();
            String[] parts = new String(in.readAllBytes(), ISO_8859_1).split("(?m)^=== ", -1);
            for (int i = 1; i < parts.length; i++) {
                int name = parts[i].indexOf('\n');
                String message = parts[i].substring(name + 1)
                        .replace("{NUL}", "\u0000")
                        .replace("{8BIT}", "\u00c3\u00a9\u00ff")
                        .replace("{CR}", "\r");
                tests.addAll(tests(parts[i].substring(0, name), message).collect(Collectors.toList()));
            }
        }
        assertThat(tests).hasSizeGreaterThan(40);
        return tests.stream();
    }

    private static Stream<DynamicTest> tests(String name, String message) {
        return LINE_ENDS.entrySet().stream()
                .map(lineEnds -> dynamicTest(
                        name + ", " + lineEnds.getKey(),
                        () -> stripped(lineEnds.getValue().apply(message).getBytes(ISO_8859_1))));
    }

    private static void stripped(byte[] message) throws Exception {
        MailImpl mail = Server.mail(message);
        Server.stripHeaders().service(mail);
        byte[] result = source(mail);
        HeaderBlock before = HeaderBlock.read(new ByteArrayInputStream(message));
        HeaderBlock after = HeaderBlock.read(new ByteArrayInputStream(result));
        assertThat(text(result, after.length(), result.length))
                .isEqualTo(text(message, before.length(), message.length));
        assertThat(untouched(after, result)).isEqualTo(untouched(before, message));
        List<HeaderField> hops = after.fields().stream()
                .filter(field -> field.isNamed("Received"))
                .collect(Collectors.toList());
        assertThat(hops).hasSize((int) before.fields().stream()
                .filter(field -> field.isNamed("Received"))
                .count());
        for (HeaderField hop : hops) {
            assertThat(INNER.matcher(hop.value()).find()).as(hop.value()).isFalse();
        }
        Server.stripHeaders().service(mail);
        assertThat(source(mail)).isEqualTo(result);
        LifecycleUtil.dispose(mail);
    }

    private static byte[] source(MailImpl mail) throws Exception {
        try (InputStream in = ((MimeMessageWrapper) mail.getMessage()).getMessageInputStream()) {
            return in.readAllBytes();
        }
    }

    private static String untouched(HeaderBlock header, byte[] message) {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        for (HeaderField field : header.fields()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (!MAY_CHANGE.contains(name) && !name.startsWith("x-")) {
                rest.write(message, field.start(), field.end() - field.start());
            }
        }
        return rest.toString(ISO_8859_1);
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, ISO_8859_1);
    }
}
