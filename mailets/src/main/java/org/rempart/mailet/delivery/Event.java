/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.net.SocketTimeoutException;
import org.rempart.mailet.delivery.tls.TlsFailureException;

/** What happens at a {@link Stage}. */
public enum Event {
    TAKEN("2xx"),
    TRANSIENT("4xx"),
    /** The server closes the connection, whatever it was asked for (RFC 5321, section 3.8). */
    GOODBYE("421"),
    /** Too many recipients for one transaction (RFC 5321, section 4.5.3.1.10). */
    TOO_MANY("452 or 552, after others were taken"),
    PERMANENT("5xx"),
    /** What came is no reply, or none that makes sense there. */
    GARBAGE("no sensible reply"),
    /** The connection can't be made, or is lost. */
    LOST("lost"),
    SILENT("not in time"),
    UNANSWERED("no answer"),
    UNKNOWN("no such name"),
    /** For good: a null MX (RFC 7505), or this server itself is the host. */
    NOWHERE("null MX, or this server"),
    FORBIDDEN("not allowed by the policy"),
    /** The server can't be given what the mail needs. */
    UNSUPPORTED("what the mail needs is missing"),
    /** Others were refused, and the mail goes to all or none. */
    NOT_ALL("others refused, with sendpartial=false"),
    UNREADABLE("the message can't be read"),
    /** As many connections as there may be, or a destination that nobody can talk to at present. */
    BUSY("too many connections"),
    STOPPED("the delivery stops"),
    BROKEN("a fault of its own");

    private final String words;

    Event(String words) {
        this.words = words;
    }

    /** What a reply is that does not let the conversation go on. */
    static Event of(SmtpReply reply) {
        if (reply.saysGoodbye()) {
            return GOODBYE;
        }
        if (reply.isPositive() || reply.isIntermediate()) {
            return GARBAGE;
        }
        return reply.isPermanent() ? PERMANENT : TRANSIENT;
    }

    /** What the failure of a connection is. */
    static Event of(IOException fault) {
        if (fault instanceof SocketTimeoutException) {
            return SILENT;
        }
        return fault instanceof SmtpProtocolException ? GARBAGE : LOST;
    }

    /** What the failure of a handshake is. */
    static Event of(TlsFailureException failure) {
        switch (failure.kind()) {
            case TIMED_OUT:
                return SILENT;
            case LOST:
                return LOST;
            case HANDSHAKE:
                return GARBAGE;
            default:
                return FORBIDDEN;
        }
    }

    /** How documents name it. */
    @Override
    public String toString() {
        return words;
    }
}
