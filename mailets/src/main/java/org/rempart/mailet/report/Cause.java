/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.report;

import java.util.Locale;
import org.rempart.mailet.delivery.DeliveryReport.Action;
import org.rempart.mailet.delivery.Outcome;
import org.rempart.mailet.delivery.Stage;

/** What a person is told of an outcome: what has happened, whose matter it is, what to do. */
enum Cause {
    ADDRESS,
    DOMAIN,
    FULL,
    SIZE,
    REFUSED,
    TLS,
    UNREACHABLE,
    FORM,
    BUSY,
    NOBODY,
    DENIED,
    HERE,
    NONE;

    /** By the stage where it is this server's own finding, by the status where the other server has spoken (RFC 3463). */
    static Cause of(Action action, Outcome outcome) {
        if (action == Action.RELAYED) {
            return NONE;
        }
        String status = outcome.status().substring(1);
        switch (outcome.stage()) {
            case ROUTE:
                return outcome.status().startsWith("4") ? UNREACHABLE : DOMAIN;
            case POLICY:
            case STARTTLS:
            case TLS:
                return TLS;
            case HERE:
                return status.startsWith(".1.") ? NOBODY : status.startsWith(".7.") ? DENIED : HERE;
            case ADDRESS:
            case CONNECT:
            case GREETING:
            case EHLO:
            case AUTH:
            case RSET:
                return UNREACHABLE;
            default:
                return byStatus(outcome, status);
        }
    }

    private static Cause byStatus(Outcome outcome, String status) {
        if (!outcome.isReply() && outcome.stage() != Stage.OFFER) {
            return UNREACHABLE;
        }
        if (status.equals(".1.2") || status.equals(".1.10")) {
            return DOMAIN;
        }
        if (status.equals(".2.2")) {
            return FULL;
        }
        if (status.equals(".3.4") || status.equals(".2.3")) {
            return SIZE;
        }
        if (status.startsWith(".6.")) {
            return FORM;
        }
        if (outcome.status().startsWith("4")) {
            return BUSY;
        }
        return status.startsWith(".1.") || (status.equals(".0.0") && outcome.stage() == Stage.RCPT) ? ADDRESS : REFUSED;
    }

    /** The name of its text. */
    String text() {
        return "cause." + name().toLowerCase(Locale.ROOT);
    }
}
