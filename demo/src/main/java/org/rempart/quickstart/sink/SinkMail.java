/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A mail as a sink received it. It lies in the sink's directory as two files: {@code <n>.eml}, the raw message, and
 * {@code <n>.json}:
 *
 * <pre>{@code
 * {
 *   "envelope": {
 *     "mailFrom": "bob@example.com",
 *     "rcptTo": ["alice@example.org"],
 *     "parameters": {"mailFrom": ["BODY=8BITMIME"], "rcptTo": [["NOTIFY=NEVER"]]}
 *   },
 *   "helo": "mail.example.com",
 *   "tls": {"protocol": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"},
 *   "client": "127.0.0.1:40312",
 *   "time": "2026-01-31T12:00:00Z",
 *   "size": 1234
 * }
 * }</pre>
 *
 * {@code mailFrom} is empty for the null sender, {@code tls} is null for clear text, {@code size} counts the bytes of the
 * message. The .json appears last and complete, so who sees it can read both.
 *
 * @param number counted from 1 in the order of arrival
 * @param mailFrom the envelope sender, empty for the null sender
 * @param rcptTo the recipients in the order of their RCPT
 * @param mailParameters the ESMTP parameters of MAIL as they came
 * @param rcptParameters those of each RCPT, in the order of {@code rcptTo}
 * @param helo the client's name in EHLO or HELO
 * @param tls empty for clear text
 * @param client the client's address and port
 * @param time when the message was complete
 * @param size bytes of the message
 * @param file the raw message
 */
public record SinkMail(
        long number,
        String mailFrom,
        List<String> rcptTo,
        List<String> mailParameters,
        List<List<String>> rcptParameters,
        String helo,
        Optional<Tls> tls,
        String client,
        Instant time,
        long size,
        Path file) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration POLL = Duration.ofMillis(50);

    public SinkMail {
        rcptTo = List.copyOf(rcptTo);
        mailParameters = List.copyOf(mailParameters);
        rcptParameters = rcptParameters.stream().map(List::copyOf).toList();
    }

    /**
     * How the connection was encrypted.
     *
     * @param protocol as JSSE writes it, such as {@code TLSv1.3}
     * @param cipher the cipher suite's name
     */
    public record Tls(String protocol, String cipher) {}

    /** What is known of a mail before its message has come. */
    record Draft(
            String mailFrom,
            List<String> mailParameters,
            List<String> rcptTo,
            List<List<String>> rcptParameters,
            String helo,
            Optional<Tls> tls,
            String client) {}

    /** The message, byte by byte as it came, without the dots that SMTP adds. */
    public byte[] raw() throws IOException {
        return Files.readAllBytes(file);
    }

    /** Whether a recipient is among those of the envelope, in any case. */
    public boolean isTo(String recipient) {
        return rcptTo.stream().anyMatch(recipient::equalsIgnoreCase);
    }

    /**
     * All mails of a sink's directory, oldest first; none if there is no such directory.
     *
     * @throws IOException if a file can't be read, or was not written by a sink
     */
    public static List<SinkMail> all(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> listing = Files.list(directory)) {
            files = listing.filter(path -> path.getFileName().toString().matches("[0-9]+\\.json"))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
        List<SinkMail> mails = new ArrayList<>();
        for (Path file : files) {
            mails.add(read(file));
        }
        mails.sort(Comparator.comparingLong(SinkMail::number));
        return Collections.unmodifiableList(mails);
    }

    /**
     * Waits for a mail.
     *
     * @return the first mail that is wanted, or nothing when the limit is over
     */
    public static Optional<SinkMail> await(Path directory, Predicate<SinkMail> wanted, Duration limit)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<SinkMail> found = all(directory).stream().filter(wanted).findFirst();
            if (found.isPresent() || System.nanoTime() > end) {
                return found;
            }
            Thread.sleep(POLL.toMillis());
        }
    }

    /**
     * Reads one mail.
     *
     * @param json the {@code <n>.json} of it
     * @throws IOException if it can't be read, or was not written by a sink
     */
    public static SinkMail read(Path json) throws IOException {
        String name = json.getFileName().toString();
        try {
            String number = name.substring(0, name.length() - ".json".length());
            JsonNode root = JSON.readTree(Files.readAllBytes(json));
            JsonNode envelope = root.required("envelope");
            JsonNode parameters = envelope.required("parameters");
            List<List<String>> rcptParameters = new ArrayList<>();
            for (JsonNode one : parameters.required("rcptTo")) {
                rcptParameters.add(strings(one));
            }
            JsonNode tls = root.required("tls");
            return new SinkMail(
                    Long.parseLong(number),
                    envelope.required("mailFrom").textValue(),
                    strings(envelope.required("rcptTo")),
                    strings(parameters.required("mailFrom")),
                    rcptParameters,
                    root.required("helo").textValue(),
                    tls.isNull()
                            ? Optional.empty()
                            : Optional.of(new Tls(
                                    tls.required("protocol").textValue(),
                                    tls.required("cipher").textValue())),
                    root.required("client").textValue(),
                    Instant.parse(root.required("time").textValue()),
                    root.required("size").longValue(),
                    json.resolveSibling(number + ".eml"));
        } catch (JsonProcessingException | IllegalArgumentException | DateTimeException e) {
            throw new IOException(json + " was not written by a sink: " + e.getMessage(), e);
        }
    }

    static SinkMail store(Path directory, long number, Draft draft, Instant time, byte[] message) throws IOException {
        Path file = directory.resolve(number + ".eml");
        SinkMail mail = new SinkMail(
                number,
                draft.mailFrom(),
                draft.rcptTo(),
                draft.mailParameters(),
                draft.rcptParameters(),
                draft.helo(),
                draft.tls(),
                draft.client(),
                time,
                message.length,
                file);
        write(file, message);
        write(
                directory.resolve(number + ".json"),
                mail.json().toPrettyString().concat("\n").getBytes(StandardCharsets.UTF_8));
        return mail;
    }

    /** Writes beside and renames, so that nobody ever reads half a file. */
    private static void write(Path file, byte[] content) throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(beside, content);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private ObjectNode json() {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode envelope = root.putObject("envelope");
        envelope.put("mailFrom", mailFrom);
        addAll(envelope.putArray("rcptTo"), rcptTo);
        ObjectNode parameters = envelope.putObject("parameters");
        addAll(parameters.putArray("mailFrom"), mailParameters);
        ArrayNode rcpt = parameters.putArray("rcptTo");
        rcptParameters.forEach(one -> addAll(rcpt.addArray(), one));
        root.put("helo", helo);
        if (tls.isPresent()) {
            root.putObject("tls")
                    .put("protocol", tls.get().protocol())
                    .put("cipher", tls.get().cipher());
        } else {
            root.putNull("tls");
        }
        root.put("client", client);
        root.put("time", time.toString());
        root.put("size", size);
        return root;
    }

    private static void addAll(ArrayNode array, List<String> values) {
        values.forEach(array::add);
    }

    private static List<String> strings(JsonNode array) {
        List<String> values = new ArrayList<>();
        array.forEach(value -> values.add(value.textValue()));
        return values;
    }
}
