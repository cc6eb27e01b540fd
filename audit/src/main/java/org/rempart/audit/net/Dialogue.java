/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSession;
import org.rempart.audit.tls.Jsse;

/** A client of one of the protocols, as far as all of them have the same: greeting, capabilities, STARTTLS, login. */
public abstract class Dialogue implements AutoCloseable {
    /** A line may be as long as a whole reply. */
    static final int LINE = Budget.REPLY_BYTES;

    /** What became of a login. */
    public enum Login {
        /** The name and the password were right. */
        ACCEPTED,
        /** They were looked at, and wrong. */
        WRONG,
        /** The server asked for the password, and it was not given. */
        ASKED,
        /** Not even looked at: the command is not taken here. */
        REFUSED,
        /** The server can't say now. */
        UNCLEAR
    }

    /** A listener without TLS is none after so many tries. */
    private static final int CLEAR_TEXT = 3;

    private static final Pattern CROWDED = Pattern.compile(
            "(?i)too many( concurrent)?( smtp| imap| pop3)? connections|maximum( number of)? connections");

    private final Wire wire;

    Dialogue(Wire wire) {
        this.wire = wire;
    }

    /**
     * Connects, for a listener that begins with TLS makes it, and reads the greeting. To a server that has too many
     * connections it comes back.
     *
     * @throws RateLimitedException if the greeting turns us away
     */
    public static Dialogue open(Listener listener, Budget budget) throws IOException {
        return patiently(budget, () -> openOnce(listener, budget));
    }

    /**
     * As {@link #open}, without a second try.
     *
     * @throws IOException also if the server has too many connections
     */
    public static Dialogue openOnce(Listener listener, Budget budget) throws IOException {
        Wire wire = Wire.open(listener, budget);
        try {
            if (listener.service().direct()) {
                wire.startTls(Jsse.trustingAll(), Jsse.everything());
            }
            Dialogue dialogue = on(wire);
            dialogue.greeting();
            return dialogue;
        } catch (IOException | RuntimeException e) {
            wire.close();
            throw e;
        }
    }

    /** A client for the protocol of a connection, on which nothing was said yet. */
    static Dialogue on(Wire wire) {
        return switch (wire.listener().service().protocol()) {
            case SMTP -> new Smtp(wire);
            case IMAP -> new Imap(wire);
            case POP3 -> new Pop3(wire);
            case SIEVE -> new Sieve(wire);
        };
    }

    /** Connects, and goes on to where the next bytes are those of TLS. */
    public static Wire readyForTls(Listener listener, Budget budget) throws IOException {
        return patiently(budget, () -> readyForTlsOnce(listener, budget));
    }

    /** As {@link #open}, under TLS in any case, with capabilities asked for. */
    public static Dialogue openSecure(Listener listener, Budget budget) throws IOException {
        Dialogue dialogue = open(listener, budget);
        try {
            dialogue.capabilities();
            if (!listener.service().direct()) {
                if (dialogue.startTls().isEmpty()) {
                    throw new IOException("STARTTLS is not taken: " + dialogue.answer());
                }
                dialogue.capabilities();
            }
            return dialogue;
        } catch (IOException | RuntimeException e) {
            dialogue.close();
            throw e;
        }
    }

    /** What needs a connection of its own. */
    public interface Attempt<T> {
        /** Makes it. */
        T make() throws IOException;
    }

    /**
     * Makes an attempt, and makes it again after a while if the server has too many connections.
     *
     * @throws RateLimitedException if it has too many again and again
     */
    public static <T> T patiently(Budget budget, Attempt<T> attempt) throws IOException {
        for (int times = 0; ; times++) {
            try {
                return attempt.make();
            } catch (CrowdedException e) {
                budget.crowded(times, e.getMessage());
            } catch (ClearTextException e) {
                if (times == CLEAR_TEXT) {
                    throw e;
                }
                budget.crowded(times, e.getMessage());
            }
        }
    }

    /**
     * Connects, and makes TLS of it.
     *
     * @param offer what the handshake may come to
     */
    public static Wire secure(Listener listener, Budget budget, Jsse.Offer offer) throws IOException {
        return patiently(budget, () -> {
            Wire wire = readyForTlsOnce(listener, budget);
            try {
                wire.startTls(Jsse.trustingAll(), offer);
                return wire;
            } catch (IOException | RuntimeException e) {
                wire.close();
                throw e;
            }
        });
    }

    private static Wire readyForTlsOnce(Listener listener, Budget budget) throws IOException {
        Wire wire = Wire.open(listener, budget);
        try {
            if (!listener.service().direct()) {
                Dialogue dialogue = on(wire);
                dialogue.greeting();
                dialogue.capabilities();
                if (!dialogue.startTlsTaken("")) {
                    throw new IOException("STARTTLS is not taken");
                }
            }
            return wire;
        } catch (IOException | RuntimeException e) {
            wire.close();
            throw e;
        }
    }

    /** Reads the greeting. */
    abstract String greeting() throws IOException;

    /** What it means that a server greets with a refusal. */
    IOException turnedAway(String answer) {
        return CROWDED.matcher(answer).find()
                ? new CrowdedException(answer)
                : wire.budget().heldOff(answer);
    }

    /** What the server says of itself when asked: EHLO, CAPABILITY, CAPA. One text, lines joined by LF. */
    public abstract String capabilities() throws IOException;

    /** Whether the capabilities have STARTTLS. */
    public abstract boolean announcesStartTls(String capabilities);

    /** Whether the capabilities invite to a login on this connection as it is. */
    public abstract boolean announcesLogin(String capabilities);

    /** The command that asks for TLS, with {@code after} behind its line in the same packet; whether it is taken. */
    public abstract boolean startTlsTaken(String after) throws IOException;

    /** A command that does nothing, as it would be slipped in behind STARTTLS; no line end. */
    public abstract String harmlessCommand();

    /** What follows TLS without being asked: ManageSieve announces its capabilities again (RFC 5804, section 2.2). */
    public void afterTls() throws IOException {}

    /** Asks for a login with PLAIN, and gives it up when the server asks for the password. No login is counted anywhere. */
    public abstract Login askForLogin() throws IOException;

    /** A login, whole. */
    public abstract Login login(String user, String password) throws IOException;

    /** The last reply's text. */
    public abstract String answer();

    /** Makes TLS of it. */
    public SSLSession makeTls() throws IOException {
        return wire.startTls(Jsse.trustingAll(), Jsse.everything());
    }

    /** STARTTLS, then TLS. Empty if the server does not take it. */
    public Optional<SSLSession> startTls() throws IOException {
        if (!startTlsTaken("")) {
            return Optional.empty();
        }
        wire.takeUnread();
        SSLSession session = makeTls();
        afterTls();
        return Optional.of(session);
    }

    public Wire wire() {
        return wire;
    }

    public Transcript transcript() {
        return wire.transcript();
    }

    void sendLine(String line) throws IOException {
        sendLine(line, line);
    }

    void sendLine(String line, String shown) throws IOException {
        wire.send((line + "\r\n").getBytes(StandardCharsets.UTF_8), shown);
    }

    /** Ends the connection without a word; the servers that mind it are few, and a probe need not be polite twice. */
    @Override
    public void close() {
        wire.close();
    }
}
