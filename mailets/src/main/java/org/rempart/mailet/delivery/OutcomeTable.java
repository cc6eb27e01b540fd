/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.List;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.Outcome.Scope;

/**
 * What follows from what happens at each stage: the one place that says so. Pairs that are not in it don't end a try, or
 * can't happen.
 */
public final class OutcomeTable {
    private static final List<Row> ROWS = List.of(
            row(Stage.ROUTE, Event.NOWHERE, Scope.DOMAIN, Fate.FAILED),
            row(Stage.ROUTE, Event.UNANSWERED, Scope.DOMAIN, Fate.DEFERRED),
            row(Stage.ROUTE, Event.UNKNOWN, Scope.DOMAIN, Fate.DEFERRED),
            row(Stage.POLICY, Event.UNANSWERED, Scope.HOST, Fate.DEFERRED),
            row(Stage.POLICY, Event.FORBIDDEN, Scope.HOST, Fate.DEFERRED),
            row(Stage.POLICY, Event.UNSUPPORTED, Scope.HOST, Fate.FAILED),
            row(Stage.ADDRESS, Event.UNANSWERED, Scope.HOST, Fate.DEFERRED),
            row(Stage.ADDRESS, Event.UNKNOWN, Scope.HOST, Fate.DEFERRED),
            row(Stage.CONNECT, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.CONNECT, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.TRANSIENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.PERMANENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.GREETING, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.TRANSIENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.PERMANENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.EHLO, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.UNSUPPORTED, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.TRANSIENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.PERMANENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.STARTTLS, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.TLS, Event.FORBIDDEN, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.TLS, Event.UNSUPPORTED, Scope.CONNECTION, Fate.FAILED),
            row(Stage.TLS, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.TLS, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.TLS, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.UNSUPPORTED, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.TRANSIENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.PERMANENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.AUTH, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.OFFER, Event.UNSUPPORTED, Scope.MAIL, Fate.FAILED),
            row(Stage.RSET, Event.TRANSIENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RSET, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RSET, Event.PERMANENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RSET, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RSET, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RSET, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MAIL, Event.TRANSIENT, Scope.MAIL, Fate.DEFERRED),
            row(Stage.MAIL, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MAIL, Event.PERMANENT, Scope.MAIL, Fate.FAILED),
            row(Stage.MAIL, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MAIL, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MAIL, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RCPT, Event.TRANSIENT, Scope.RECIPIENT, Fate.DEFERRED),
            row(Stage.RCPT, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RCPT, Event.TOO_MANY, Scope.TRANSACTION, Fate.DEFERRED),
            row(Stage.RCPT, Event.PERMANENT, Scope.RECIPIENT, Fate.FAILED),
            row(Stage.RCPT, Event.NOT_ALL, Scope.MAIL, Fate.DEFERRED),
            row(Stage.RCPT, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RCPT, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.RCPT, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.DATA, Event.TRANSIENT, Scope.MAIL, Fate.DEFERRED),
            row(Stage.DATA, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.DATA, Event.PERMANENT, Scope.MAIL, Fate.FAILED),
            row(Stage.DATA, Event.GARBAGE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.DATA, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.DATA, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MESSAGE, Event.TRANSIENT, Scope.MAIL, Fate.DEFERRED),
            row(Stage.MESSAGE, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MESSAGE, Event.PERMANENT, Scope.MAIL, Fate.FAILED),
            row(Stage.MESSAGE, Event.LOST, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MESSAGE, Event.SILENT, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.MESSAGE, Event.UNREADABLE, Scope.MAIL, Fate.DEFERRED),
            row(Stage.END, Event.TAKEN, Scope.MAIL, Fate.DELIVERED),
            row(Stage.END, Event.TRANSIENT, Scope.MAIL, Fate.DEFERRED),
            row(Stage.END, Event.GOODBYE, Scope.CONNECTION, Fate.DEFERRED),
            row(Stage.END, Event.PERMANENT, Scope.MAIL, Fate.FAILED),
            row(Stage.END, Event.GARBAGE, Scope.MAIL, Fate.DEFERRED),
            row(Stage.END, Event.LOST, Scope.MAIL, Fate.DEFERRED),
            row(Stage.END, Event.SILENT, Scope.MAIL, Fate.DEFERRED),
            row(Stage.HERE, Event.BUSY, Scope.DOMAIN, Fate.DEFERRED),
            row(Stage.HERE, Event.STOPPED, Scope.DOMAIN, Fate.DEFERRED),
            row(Stage.HERE, Event.BROKEN, Scope.MAIL, Fate.DEFERRED));

    private OutcomeTable() {}

    /** One line: what follows from an event at a stage. */
    public static final class Row {
        private final Stage stage;
        private final Event event;
        private final Scope scope;
        private final Fate fate;

        private Row(Stage stage, Event event, Scope scope, Fate fate) {
            this.stage = stage;
            this.event = event;
            this.scope = scope;
            this.fate = fate;
        }

        public Stage stage() {
            return stage;
        }

        public Event event() {
            return event;
        }

        public Scope scope() {
            return scope;
        }

        public Fate fate() {
            return fate;
        }

        /** As the line of a table in Markdown. */
        @Override
        public String toString() {
            return "| " + stage + " | " + event + " | " + scope.keyword() + " | " + fate.keyword() + " |";
        }
    }

    private static Row row(Stage stage, Event event, Scope scope, Fate fate) {
        return new Row(stage, event, scope, fate);
    }

    /** All lines, in the order of a conversation. */
    public static List<Row> rows() {
        return ROWS;
    }

    /**
     * What follows.
     *
     * @throws IllegalArgumentException when such a thing does not end a try
     */
    static Row of(Stage stage, Event event) {
        for (Row row : ROWS) {
            if (row.stage == stage && row.event == event) {
                return row;
            }
        }
        throw new IllegalArgumentException("Nothing follows from \"" + event + "\" at " + stage);
    }
}
