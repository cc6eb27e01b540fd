/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The inputs of {@link ReadersFuzzTest} in the ordinary build, without the fuzzer, whose agent slows all tests down: the
 * messages of the corpus, where there is one, each also with line ends of other kinds and cut off; and some of our own.
 */
class ReadersInputsTest {
    private static final int MOST_CUTS = 40;

    /** The messages by name. */
    static Map<String, byte[]> messages() throws IOException {
        Map<String, byte[]> messages = new TreeMap<>();
        messages.put("empty", new byte[0]);
        messages.put("one field", "From: a@b.example".getBytes(ISO_8859_1));
        messages.put(
                "disguises",
                ("From: =?utf-8*en?Q?bob=40example.com?= <x@y.example>\r\nfrom :\"b\\ob\"@b.example (((\r\n"
                                + "no field\r\nFrom: g: a@b.example, <@r.example:c@d.example>;\r\n\r\n")
                        .getBytes(ISO_8859_1));
        messages.put(
                "levels",
                ("Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                                + "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(200))
                        .getBytes(ISO_8859_1));
        String corpus = System.getProperty("rempart.corpus", "");
        if (!corpus.isEmpty() && Files.isDirectory(Path.of(corpus))) {
            try (Stream<Path> files = Files.walk(Path.of(corpus))) {
                files.filter(file -> file.toString().matches(".*\\.(?:eml|msg)"))
                        .forEach(file -> messages.put(String.valueOf(file.getFileName()), content(file)));
            }
        }
        return messages;
    }

    private static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException unread) {
            throw new UncheckedIOException(unread);
        }
    }

    @TestFactory
    Stream<DynamicTest> knownInputs() throws IOException {
        return messages().entrySet().stream()
                .map(message -> DynamicTest.dynamicTest(message.getKey(), () -> readInAllForms(message.getValue())));
    }

    private static void readInAllForms(byte[] message) throws IOException {
        ReadersFuzzTest.read(message);
        String text = new String(message, ISO_8859_1);
        ReadersFuzzTest.read(text.replaceAll("\r?\n", "\r\n").getBytes(ISO_8859_1));
        ReadersFuzzTest.read(text.replace("\r\n", "\n").getBytes(ISO_8859_1));
        ReadersFuzzTest.read(text.replaceAll("\r?\n", "\r").getBytes(ISO_8859_1));
        int header = HeaderBlock.read(new java.io.ByteArrayInputStream(message)).length();
        for (int i = 0; i < MOST_CUTS; i++) {
            ReadersFuzzTest.read(text.substring(0, header * i / MOST_CUTS).getBytes(ISO_8859_1));
        }
    }
}
