/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.trail;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.james.core.MailAddress;
import org.rempart.policy.Rule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event of the audit trail: who did what, when, from where, and the rule behind the verdict. It is written as one
 * JSON object on one line to the logger {@value #LOGGER_NAME}. What a client said is escaped to printable ASCII, so it
 * can forge neither a line nor a field, and shortened to {@value #MAX_LENGTH} characters a value and
 * {@value #MAX_ELEMENTS} values a list, so it can't fill the disk either; a value that was shortened ends in
 * {@code …+} and the number of what was left out. {@code docs/audit-trail.md} describes events and fields.
 */
public final class AuditEvent {
    public static final String LOGGER_NAME = "org.rempart.audit";

    private static final Logger LOGGER = LoggerFactory.getLogger(LOGGER_NAME);
    private static final int VERSION = 1;
    private static final int MAX_LENGTH = 512;
    private static final int MAX_ELEMENTS = 200;

    /** A mail address amid other text (RFC 5321, section 4.1.2), the local part a word or quoted. */
    private static final Pattern ADDRESS = Pattern.compile("(?:\"[^\"]*+\"|(?<![^\\s<>\"(),:;@])[^\\s<>\"(),:;@]++)@"
            + "(?:\\[[^\\]\\s]*+]|[\\p{L}\\p{N}](?:[\\p{L}\\p{N}.-]*[\\p{L}\\p{N}])?)");

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .characterEscapes(new PrintableOnly())
            .build();

    /** JSON lets DEL stand as it is; some terminals don't. */
    private static final class PrintableOnly extends CharacterEscapes {
        private static final int DEL = 127;

        private final int[] escapes = standardAsciiEscapesForJSON();

        PrintableOnly() {
            escapes[DEL] = ESCAPE_STANDARD;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return escapes;
        }

        @Override
        public SerializableString getEscapeSequence(int character) {
            return null;
        }
    }

    private static final AtomicReference<Privacy> PRIVACY = new AtomicReference<>(
            new Privacy(AuditPolicy.of(AuditPolicy.Form.PLAIN, AuditPolicy.Form.HASHED), Pseudonyms.ofRandomKey()));

    /** How people are named, and what stands in for them. */
    private static final class Privacy {
        private final AuditPolicy policy;
        private final Pseudonyms pseudonyms;

        Privacy(AuditPolicy policy, Pseudonyms pseudonyms) {
            this.policy = policy;
            this.pseudonyms = pseudonyms;
        }
    }

    /** Says how all events of this process name people from now on. */
    public static void namePeople(AuditPolicy policy, Pseudonyms pseudonyms) {
        PRIVACY.set(new Privacy(policy, pseudonyms));
    }

    /** What stands in for a subject, wherever it is not told. */
    public static String subjectHash(String subject) {
        return PRIVACY.get().pseudonyms.of(subject);
    }

    private final Map<String, Object> fields = new LinkedHashMap<>();

    private AuditEvent(String event) {
        fields.put("v", (long) VERSION);
        fields.put("time", Instant.now().toString());
        fields.put("event", event);
    }

    /**
     * An event that happens now.
     *
     * @param event its name, of small letters and hyphens; {@code docs/audit-trail.md} lists them
     */
    public static AuditEvent now(String event) {
        return new AuditEvent(event);
    }

    /** Adds a field; {@code value} may be anything that a client said. */
    public AuditEvent with(String field, String value) {
        fields.put(field, shorten(value));
        return this;
    }

    private static String shorten(String value) {
        return value.length() <= MAX_LENGTH
                ? value
                : value.substring(0, MAX_LENGTH) + "…+" + (value.length() - MAX_LENGTH);
    }

    /** Adds a number. */
    public AuditEvent with(String field, long value) {
        fields.put(field, value);
        return this;
    }

    /** Adds a list. */
    public AuditEvent with(String field, Collection<?> values) {
        List<String> shortened = values.stream()
                .limit(MAX_ELEMENTS)
                .map(value -> shorten(String.valueOf(value)))
                .collect(Collectors.toCollection(ArrayList::new));
        if (values.size() > MAX_ELEMENTS) {
            shortened.add("…+" + (values.size() - MAX_ELEMENTS));
        }
        fields.put(field, shortened);
        return this;
    }

    /** Adds the envelope's recipients, in the form that the policy gives them. */
    public AuditEvent recipients(Collection<MailAddress> recipients) {
        return with("recipients", recipients.stream().map(AuditEvent::named).collect(Collectors.toList()));
    }

    /** Adds one recipient, in the form that the policy gives it. */
    public AuditEvent recipient(MailAddress recipient) {
        return with("recipient", named(recipient));
    }

    /**
     * Adds what became of each recipient: the recipient, in the form that the policy gives it, a space, and what is said of
     * it, as {@link #saying} tells it.
     *
     * @param outcomes one for each of the recipients, in their order
     */
    public AuditEvent outcomes(List<MailAddress> recipients, List<?> outcomes) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < recipients.size(); i++) {
            lines.add(named(recipients.get(i)) + " " + withoutPeople(String.valueOf(outcomes.get(i))));
        }
        return with("outcomes", lines);
    }

    /**
     * Adds what another server or a program said, which may repeat the recipients that it was asked about: where the policy
     * hashes recipients, every address in it is hashed.
     */
    public AuditEvent saying(String field, String text) {
        return with(field, withoutPeople(text));
    }

    private static String named(MailAddress address) {
        Privacy privacy = PRIVACY.get();
        String text = address.asString();
        return privacy.policy.recipients() == AuditPolicy.Form.HASHED ? privacy.pseudonyms.of(text) : text;
    }

    private static String withoutPeople(String text) {
        Privacy privacy = PRIVACY.get();
        return privacy.policy.recipients() == AuditPolicy.Form.HASHED
                ? ADDRESS.matcher(text).replaceAll(address -> privacy.pseudonyms.of(address.group()))
                : text;
    }

    /** Adds the subject, in the form that the policy gives it. */
    public AuditEvent subject(String subject) {
        Privacy privacy = PRIVACY.get();
        switch (privacy.policy.subjects()) {
            case PLAIN:
                return with("subject", subject);
            case HASHED:
                return with("subject", privacy.pseudonyms.of(subject));
            case NONE:
                return this;
        }
        throw new AssertionError(privacy.policy.subjects());
    }

    /**
     * Adds the name that a login was tried with: an account's as it is, and what stands in for any other, since people type
     * their password where the name belongs.
     *
     * @param isAccount false where it is no account's, or that was not asked
     */
    public AuditEvent triedName(String name, boolean isAccount) {
        return with("account", isAccount ? name : PRIVACY.get().pseudonyms.of(name));
    }

    /** The policy rule that made the verdict. */
    public AuditEvent rule(Rule rule) {
        return with("rule", rule.toString());
    }

    /** Writes the event. */
    public void log() {
        LOGGER.info("{}", this);
    }

    @Override
    public String toString() {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            for (Map.Entry<String, Object> field : fields.entrySet()) {
                Object value = field.getValue();
                if (value instanceof Long) {
                    json.writeNumberField(field.getKey(), (Long) value);
                } else if (value instanceof Collection) {
                    json.writeArrayFieldStart(field.getKey());
                    for (Object element : (Collection<?>) value) {
                        json.writeString((String) element);
                    }
                    json.writeEndArray();
                } else {
                    json.writeStringField(field.getKey(), (String) value);
                }
            }
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return line.toString();
    }
}
