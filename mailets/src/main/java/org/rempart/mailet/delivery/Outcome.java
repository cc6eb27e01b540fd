/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mailet.AttributeValue;

/**
 * What came of one try for one recipient: its fate, how far that reaches, and who said so in which words. Made where the
 * stage is known; what follows from stage and event is {@link OutcomeTable}'s to say.
 */
public final class Outcome {
    /** What becomes of the recipient. */
    public enum Fate {
        /** The peer has the mail. */
        DELIVERED,
        /** To be tried again. */
        DEFERRED,
        /** Never to be tried again. */
        FAILED;

        /** In lower case. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Of what it is true, from the smallest to the largest: something else may do better. */
    public enum Scope {
        /** Of this recipient: nothing more is tried now. */
        RECIPIENT,
        /** Of this transaction: the next one over the same connection may do better, at once. */
        TRANSACTION,
        /** Of this mail: nothing more is tried now. */
        MAIL,
        /** Of this connection: the next address, or the next host, may do better, at once. */
        CONNECTION,
        /** Of this host: the next one may do better, at once. */
        HOST,
        /** Of the whole destination: nothing more is tried now. */
        DOMAIN;

        /** In lower case. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Stage stage;
    private final Event event;
    private final int code;
    private final String status;
    private final String text;
    /** Null when nobody was talked to. */
    private final String host;
    /** Whether the text is the peer's own. */
    private final boolean reply;
    /** Whether the peer has the sender's wishes for reports. */
    private final boolean reports;

    private Outcome(
            Stage stage,
            Event event,
            int code,
            String status,
            String text,
            String host,
            boolean reply,
            boolean reports) {
        this.stage = Objects.requireNonNull(stage);
        this.event = Objects.requireNonNull(event);
        this.code = code;
        this.status = Objects.requireNonNull(status);
        this.text = Objects.requireNonNull(text);
        this.host = host;
        this.reply = reply;
        this.reports = reports;
        // Fails for a pair that nothing follows from.
        OutcomeTable.of(stage, event);
    }

    /**
     * What a peer's reply means.
     *
     * @param host who said so
     */
    static Outcome replied(Stage stage, Event event, String host, SmtpReply reply) {
        return new Outcome(
                stage,
                event,
                reply.code(),
                reply.enhancedCode().orElse(reply.code() / 100 + ".0.0"),
                reply.toString(),
                host,
                true,
                false);
    }

    /**
     * What this server found out by itself.
     *
     * @param code the code that a reply would have
     * @param status the enhanced status code (RFC 3463)
     * @param text for a person, in one line
     */
    static Outcome local(Stage stage, Event event, int code, String status, String text) {
        return new Outcome(stage, event, code, status, code + " " + status + " " + printable(text), null, false, false);
    }

    /** The same, about a host. */
    Outcome at(String name) {
        return new Outcome(stage, event, code, status, text, name, reply, reports);
    }

    /** The same, with more said about it. */
    Outcome saying(String more) {
        return new Outcome(stage, event, code, status, text + more, host, reply, reports);
    }

    /** The same, of a peer that has the sender's wishes for reports, and sends them itself. */
    Outcome withReports() {
        return new Outcome(stage, event, code, status, text, host, reply, true);
    }

    private static String printable(String text) {
        StringBuilder line = new StringBuilder(text);
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) < ' ' || line.charAt(i) == 127) {
                line.setCharAt(i, ' ');
            }
        }
        return line.toString();
    }

    public Fate fate() {
        return OutcomeTable.of(stage, event).fate();
    }

    public Scope scope() {
        return OutcomeTable.of(stage, event).scope();
    }

    public Stage stage() {
        return stage;
    }

    public Event event() {
        return event;
    }

    /** The reply's code, or the one that a reply would have. */
    public int code() {
        return code;
    }

    /** The enhanced status code (RFC 3463): the peer's, or its class alone where it gave none, or this server's own. */
    public String status() {
        return status;
    }

    /** The peer's reply, or this server's reason in the same form, in one line: {@code 550 5.1.1 No such user}. */
    public String reason() {
        return text;
    }

    /** The host that it is about. */
    public Optional<String> host() {
        return Optional.ofNullable(host);
    }

    /** Whether a peer said so in a reply to a command of this mail. */
    public boolean isReply() {
        return reply;
    }

    /** Whether the peer has the sender's wishes for reports (RFC 3461), so that nobody else reports its success. */
    boolean handsReportsOn() {
        return reports;
    }

    /** Whether the DNS does not know the domain: such mail has retries of its own number. */
    boolean isUnknownDomain() {
        return stage == Stage.ROUTE && event == Event.UNKNOWN;
    }

    /** Whether nobody was there who could have said anything about the mail. */
    boolean isUnreachable() {
        return fate() == Fate.DEFERRED
                && stage != Stage.HERE
                && (scope() == Scope.CONNECTION
                        || scope() == Scope.HOST
                        || (scope() == Scope.DOMAIN && !isUnknownDomain()));
    }

    /** All of it, as the value of a mail's attribute. */
    AttributeValue<?> toAttribute() {
        Map<String, AttributeValue<?>> parts = new TreeMap<>();
        parts.put("stage", AttributeValue.of(stage.name()));
        parts.put("event", AttributeValue.of(event.name()));
        parts.put("code", AttributeValue.of(code));
        parts.put("status", AttributeValue.of(status));
        parts.put("text", AttributeValue.of(text));
        parts.put("reply", AttributeValue.of(reply));
        parts.put("reports", AttributeValue.of(reports));
        host().ifPresent(name -> parts.put("host", AttributeValue.of(name)));
        return AttributeValue.of(parts);
    }

    /** What {@link #toAttribute} wrote; empty for anything else, such as what a later version writes. */
    static Optional<Outcome> ofAttribute(Object value) {
        if (!(value instanceof Map)) {
            return Optional.empty();
        }
        Map<?, ?> parts = (Map<?, ?>) value;
        try {
            return Optional.of(new Outcome(
                    Stage.valueOf(part(parts, "stage", String.class)),
                    Event.valueOf(part(parts, "event", String.class)),
                    part(parts, "code", Integer.class),
                    part(parts, "status", String.class),
                    part(parts, "text", String.class),
                    parts.containsKey("host") ? part(parts, "host", String.class) : null,
                    part(parts, "reply", Boolean.class),
                    part(parts, "reports", Boolean.class)));
        } catch (IllegalArgumentException | ClassCastException | NullPointerException other) {
            return Optional.empty();
        }
    }

    private static <T> T part(Map<?, ?> parts, String name, Class<T> type) {
        return type.cast(((AttributeValue<?>) parts.get(name)).value());
    }

    @Override
    public String toString() {
        return fate().keyword() + ": " + text;
    }
}
