/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.zip.GZIPInputStream;
import javax.mail.MessagingException;
import javax.mail.Multipart;
import javax.mail.Part;
import javax.mail.Session;
import javax.mail.internet.MimeMessage;

/**
 * A report about TLS that somebody sent (RFC 8460). A stranger wrote it: it is read with bounds, and may say anything.
 *
 * @param organisation who sent it
 * @param begin of the time that it is about, as it is written there
 * @param end of that time
 * @param contact whom to ask
 * @param id of the report
 */
record ReceivedTlsReport(
        String organisation, String begin, String end, String contact, String id, List<Policy> policies) {
    /** Bytes of a file: a message is a third larger than what it brings. */
    static final int LARGEST_FILE = 4 << 20;

    /** Bytes of a report that is not compressed. */
    static final int LARGEST = 8 << 20;

    static final int MOST_POLICIES = 1_000;
    static final int MOST_FAILURES = 10_000;

    private static final int DEEPEST_PART = 5;
    private static final int MOST_PARTS = 20;

    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(20)
                    .maxStringLength(64 * 1024)
                    .maxNumberLength(20)
                    .build())
            .build());

    /**
     * A policy, and what was seen of it.
     *
     * @param type {@code tlsa}, {@code sts} or {@code no-policy-found}
     */
    record Policy(
            String type, String domain, List<String> hosts, long successes, long failed, List<Failure> failures) {}

    /** A kind of failure; what the report does not say is empty. */
    record Failure(String result, long sessions, String from, String host, String address, String reason) {}

    /**
     * Reads one: JSON, compressed or not, or a message that brings it.
     *
     * @throws IOException when it is none, or larger than the bounds, with the reason
     */
    static ReceivedTlsReport read(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
        if (bytes.length > LARGEST_FILE) {
            throw new IOException("it is larger than " + (LARGEST_FILE >> 20) + " MiB");
        }
        if (isGzip(bytes)) {
            return parse(inflated(bytes));
        }
        int first = 0;
        while (first < bytes.length && " \t\r\n".indexOf(bytes[first]) >= 0) {
            first++;
        }
        if (first < bytes.length && bytes[first] == '{') {
            return parse(bytes);
        }
        return parse(inMessage(bytes));
    }

    private static boolean isGzip(byte[] bytes) {
        return bytes.length > 2 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b;
    }

    private static byte[] inflated(byte[] gzip) throws IOException {
        byte[] bytes = new GZIPInputStream(new ByteArrayInputStream(gzip)).readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
            throw new IOException("it holds more than " + (LARGEST >> 20) + " MiB when it is not compressed");
        }
        return bytes;
    }

    private static byte[] inMessage(byte[] message) throws IOException {
        try {
            byte[] report = inPart(
                    new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(message)), 0);
            if (report != null) {
                return isGzip(report) ? inflated(report) : report;
            }
        } catch (MessagingException | RuntimeException unreadable) {
            throw new IOException("it is no message that can be read: " + unreadable.getMessage(), unreadable);
        }
        throw new IOException("it is neither JSON, compressed or not, nor a message that brings a report");
    }

    private static byte[] inPart(Part part, int depth) throws MessagingException, IOException {
        if (part.isMimeType("application/tlsrpt+gzip") || part.isMimeType("application/tlsrpt+json")) {
            try (InputStream in = part.getInputStream()) {
                return in.readNBytes(LARGEST_FILE);
            }
        }
        if (depth < DEEPEST_PART && part.getContent() instanceof Multipart parts) {
            for (int i = 0; i < parts.getCount() && i < MOST_PARTS; i++) {
                byte[] found = inPart(parts.getBodyPart(i), depth + 1);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static ReceivedTlsReport parse(byte[] json) throws IOException {
        JsonNode report;
        try {
            report = JSON.readTree(new String(json, StandardCharsets.UTF_8));
        } catch (JsonProcessingException fault) {
            throw new IOException("it is no JSON, or too much of it: " + fault.getOriginalMessage(), fault);
        }
        JsonNode written = report.path("policies");
        if (!report.isObject() || !written.isArray()) {
            throw new IOException("it has no policies: it is no report about TLS");
        }
        if (written.size() > MOST_POLICIES) {
            throw new IOException("it has " + written.size() + " policies, and " + MOST_POLICIES + " are read at most");
        }
        List<Policy> policies = new ArrayList<>();
        int failures = 0;
        for (JsonNode each : written) {
            Policy policy = policy(each);
            failures += policy.failures().size();
            if (failures > MOST_FAILURES) {
                throw new IOException("it has more than " + MOST_FAILURES + " kinds of failures");
            }
            policies.add(policy);
        }
        JsonNode range = report.path("date-range");
        return new ReceivedTlsReport(
                text(report, "organization-name"),
                text(range, "start-datetime"),
                text(range, "end-datetime"),
                text(report, "contact-info"),
                text(report, "report-id"),
                List.copyOf(policies));
    }

    private static Policy policy(JsonNode each) {
        JsonNode policy = each.path("policy");
        List<String> hosts = new ArrayList<>();
        JsonNode named = policy.path("mx-host");
        if (named.isTextual()) {
            hosts.add(named.asText());
        }
        named.forEach(host -> hosts.add(host.asText()));
        List<Failure> failures = new ArrayList<>();
        for (JsonNode failure : each.path("failure-details")) {
            failures.add(new Failure(
                    text(failure, "result-type"),
                    failure.path("failed-session-count").asLong(),
                    text(failure, "sending-mta-ip"),
                    text(failure, "receiving-mx-hostname"),
                    text(failure, "receiving-ip"),
                    text(failure, "failure-reason-code").isEmpty()
                            ? text(failure, "additional-information")
                            : text(failure, "failure-reason-code")));
        }
        JsonNode summary = each.path("summary");
        return new Policy(
                text(policy, "policy-type"),
                text(policy, "policy-domain"),
                List.copyOf(hosts),
                summary.path("total-successful-session-count").asLong(),
                summary.path("total-failure-session-count").asLong(),
                List.copyOf(failures));
    }

    private static String text(JsonNode node, String name) {
        return node.path(name).asText("");
    }
}
