/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.message.RequireTls;

/**
 * One mail over one connection: MAIL, RCPT for each recipient, the message (RFC 5321, section 3.3).
 *
 * <p>With PIPELINING all commands travel together. A small message travels along with them where the server has CHUNKING,
 * and has taken a recipient over this connection before: a mail costs one round trip. A server that has refused every
 * recipient should read the chunk and throw it away (RFC 3030, section 4.2); for the sake of those that run it as commands,
 * only a message goes so that could do nothing there, and a connection that has refused a chunk is not used again.
 *
 * <p>Nobody is taken to have the mail before the server has answered the message's end with a 2xx. When the connection is
 * lost between that end and that answer, the mail is tried again, and may be delivered twice: the one place where RFC 5321,
 * section 4.5.3.2.6, allows it.
 */
final class MailTransaction {
    private final SmtpConnection connection;
    private final EhloResponse server;
    private final String host;
    private final Envelope envelope;
    private final OutgoingMessage message;
    private final boolean sendPartial;
    private final Outcome[] outcomes;

    /** What the server is expected to answer next. */
    private Stage stage = Stage.MAIL;
    /** Whether the server may have the whole message, so that nobody else may be given it before a later try. */
    private boolean handedOver;

    private MailTransaction(
            SmtpConnection connection, Envelope envelope, OutgoingMessage message, boolean sendPartial) {
        this.connection = connection;
        this.server = connection.server();
        this.host = connection.endpoint().host();
        this.envelope = envelope;
        this.message = message;
        this.sendPartial = sendPartial;
        this.outcomes = new Outcome[envelope.recipients().size()];
    }

    /**
     * Sends a mail.
     *
     * @param connection a connection that is in order; when it is not any more, it is marked so
     * @param sendPartial whether the message goes to those whom the server accepts, when it refuses others
     * @return for each recipient of the envelope, in its order, what came of it
     */
    static List<Outcome> run(
            SmtpConnection connection, Envelope envelope, OutgoingMessage message, boolean sendPartial) {
        return new MailTransaction(connection, envelope, message, sendPartial).run();
    }

    private List<Outcome> run() {
        connection.begin();
        try {
            Optional<Outcome> hopeless = hopeless();
            if (hopeless.isPresent()) {
                settleOpen(hopeless.get());
            } else if (server.offers("PIPELINING")) {
                converseInFlights();
            } else {
                converseStepByStep();
            }
        } catch (UnreadableMessageException unreadable) {
            // The message has no end yet, and must not get one.
            connection.abandon();
            settleOpen(Outcome.local(Stage.MESSAGE, Event.UNREADABLE, 451, "4.3.0", unreadable.getMessage()));
        } catch (IOException lost) {
            connection.abandon();
            settleOpen(lost(lost));
        }
        return List.of(outcomes);
    }

    private Outcome lost(IOException fault) {
        if (handedOver && stage != Stage.END && stage != Stage.MESSAGE) {
            connection.droppedEarly(true);
        }
        Event event = Event.of(fault);
        return Outcome.local(
                        handedOver ? Stage.END : stage,
                        event,
                        421,
                        event == Event.GARBAGE ? "4.5.0" : "4.4.2",
                        event == Event.SILENT
                                ? host + (stage == Stage.MESSAGE ? " did not take " : " did not answer ") + stage
                                        + " in time"
                                : host + ": " + fault.getMessage() + ", while waiting for the answer to " + stage)
                .at(host);
    }

    /** What nothing that is sent could mend. */
    private Optional<Outcome> hopeless() throws UnreadableMessageException {
        if (envelope.requiresTls() && (connection.tls().isEmpty() || !server.offers(RequireTls.KEYWORD))) {
            return Optional.of(Outcome.local(
                            Stage.TLS,
                            Event.UNSUPPORTED,
                            550,
                            "5.7.30",
                            host + " does not take mail that requires TLS all the way (REQUIRETLS)")
                    .at(host));
        }
        if (envelope.unspeakable().isPresent()) {
            return unsupported(553, "5.1.3", "an address with a control character");
        }
        if (envelope.needsUtf8() && !server.offers("SMTPUTF8")) {
            return unsupported(553, "5.6.7", host + " does not take internationalised addresses (SMTPUTF8)");
        }
        if (server.isTooLarge(message.size())) {
            return unsupported(
                    552, "5.3.4", "the message of " + message.size() + " bytes is larger than " + host + " takes");
        }
        // A report is sent all the same: refused, it would leave nobody who is ever told. Servers that cut off the
        // eighth bit have died out; those that only don't offer 8BITMIME have not.
        if (!server.offers("8BITMIME") && !envelope.isReport() && message.isEightBit()) {
            return unsupported(
                    554,
                    "5.6.3",
                    host
                            + " does not take 8-bit messages (8BITMIME), and a message that may be signed is not rewritten");
        }
        return Optional.empty();
    }

    private Optional<Outcome> unsupported(int code, String status, String why) {
        return Optional.of(
                Outcome.local(Stage.OFFER, Event.UNSUPPORTED, code, status, why).at(host));
    }

    private void converseInFlights() throws IOException, UnreadableMessageException {
        boolean together = sendPartial && server.offers("CHUNKING") && connection.takesAllAtOnce() && message.isInert();
        boolean reset = connection.needsReset();
        Flight flight = new Flight();
        if (reset) {
            flight.line("RSET");
        }
        flight.line(envelope.mail(server, message.size()));
        envelope.recipients().forEach(recipient -> flight.line(envelope.rcpt(server, recipient)));
        if (together) {
            flight.lastChunk(message.chunk());
            handedOver = true;
        } else if (sendPartial) {
            flight.line("DATA");
        }
        connection.write(flight);
        if (!reset || isReset()) {
            readEnvelope(together);
        }
    }

    /** Reads the answers to MAIL and RCPT, and goes on with the message. */
    private void readEnvelope(boolean together) throws IOException, UnreadableMessageException {
        boolean taken = mailIsTaken();
        if (connection.isAbandoned() || (together && !taken)) {
            // A chunk was refused along with MAIL.
            connection.abandon();
            return;
        }
        stage = Stage.RCPT;
        for (int i = 0; i < outcomes.length; i++) {
            SmtpReply rcpt = connection.read(connection.timeouts().command());
            if (taken) {
                recipient(i, rcpt);
            }
            if (connection.isAbandoned() && !together) {
                closedAmongRecipients();
                return;
            }
        }
        if (together) {
            if (hasOpen()) {
                readEnd();
            }
            if (!isDelivered()) {
                connection.abandon();
            }
        } else if (sendPartial) {
            afterData();
        } else if (taken) {
            sendToAllOrNone();
        }
    }

    private void converseStepByStep() throws IOException, UnreadableMessageException {
        if (connection.needsReset()) {
            write("RSET");
            if (!isReset()) {
                return;
            }
        }
        write(envelope.mail(server, message.size()));
        if (!mailIsTaken()) {
            return;
        }
        stage = Stage.RCPT;
        for (int i = 0; i < outcomes.length && !connection.isAbandoned(); i++) {
            write(envelope.rcpt(server, envelope.recipients().get(i)));
            recipient(i, connection.read(connection.timeouts().command()));
        }
        if (connection.isAbandoned()) {
            closedAmongRecipients();
        } else if (!sendPartial) {
            sendToAllOrNone();
        } else if (hasOpen()) {
            write("DATA");
            afterData();
        }
    }

    private void write(String command) throws IOException {
        connection.write(new Flight().line(command));
    }

    private boolean isReset() throws IOException {
        stage = Stage.RSET;
        SmtpReply reset = connection.read(connection.timeouts().command());
        if (!reset.isPositive()) {
            handedOver = false;
            connection.abandon();
            settleOpen(outcome(Event.of(reset), reset));
        }
        stage = Stage.MAIL;
        return reset.isPositive();
    }

    private boolean mailIsTaken() throws IOException {
        SmtpReply mail = connection.read(connection.timeouts().command());
        connection.needsReset(mail.isPositive());
        if (!mail.isPositive()) {
            handedOver = false;
            settleOpen(outcome(Event.of(mail), mail));
        }
        return mail.isPositive();
    }

    private void recipient(int index, SmtpReply reply) {
        if (reply.isPositive()) {
            connection.hasTakenRecipient();
            return;
        }
        boolean others = Arrays.stream(outcomes, 0, index).anyMatch(earlier -> earlier == null);
        boolean tooMany = (reply.code() == 452 || reply.code() == 552) && others;
        outcomes[index] = outcome(tooMany ? Event.TOO_MANY : Event.of(reply), reply);
    }

    private void closedAmongRecipients() {
        settleOpen(Outcome.local(
                        Stage.RCPT, Event.LOST, 421, "4.4.2", host + " closed the connection among the recipients")
                .at(host));
    }

    private void sendToAllOrNone() throws IOException, UnreadableMessageException {
        if (Arrays.stream(outcomes).anyMatch(outcome -> outcome != null)) {
            settleOpen(Outcome.local(
                    Stage.RCPT,
                    Event.NOT_ALL,
                    450,
                    "4.5.3",
                    "other recipients were refused, and sendpartial is false"));
            return;
        }
        write("DATA");
        afterData();
    }

    /** DATA was sent: a server that goes on with 354 though it has refused everybody gets an empty message (RFC 2920). */
    private void afterData() throws IOException, UnreadableMessageException {
        stage = Stage.DATA;
        SmtpReply data = connection.read(connection.timeouts().dataStart());
        if (!data.isIntermediate()) {
            if (hasOpen()) {
                settleOpen(outcome(Event.of(data), data));
            }
            return;
        }
        if (!hasOpen()) {
            write(".");
            readEnd();
            return;
        }
        stage = Stage.MESSAGE;
        BlockOutput out = new BlockOutput(connection);
        try {
            message.writeDotStuffed(out);
            handedOver = true;
            out.flush();
        } catch (IOException lost) {
            handedOver = out.isEndWritten();
            throw reasonOf(lost);
        }
        readEnd();
    }

    /** A server that hangs up amid the message often says why. */
    private IOException reasonOf(IOException lost) throws IOException {
        try {
            SmtpReply reply = connection.read(java.time.Duration.ofSeconds(1));
            if (!reply.isPositive() && !reply.isIntermediate()) {
                stage = handedOver ? Stage.END : Stage.MESSAGE;
                settleOpen(outcome(Event.of(reply), reply));
            }
        } catch (IOException silent) {
            lost.addSuppressed(silent);
        }
        return lost;
    }

    private void readEnd() throws IOException {
        stage = Stage.END;
        SmtpReply end = connection.read(connection.timeouts().dataEnd());
        connection.needsReset(!end.isPositive());
        if (hasOpen()) {
            settleOpen(outcome(end.isPositive() ? Event.TAKEN : Event.of(end), end));
        }
    }

    /** What a reply means; one that makes no sense here makes the connection useless. */
    private Outcome outcome(Event event, SmtpReply reply) {
        if (event != Event.GARBAGE) {
            Outcome outcome = Outcome.replied(stage, event, host, reply);
            return server.offers("DSN") ? outcome.withReports() : outcome;
        }
        connection.abandon();
        return Outcome.local(stage, event, 451, "4.5.0", host + " answered " + stage + " with " + reply)
                .at(host);
    }

    private boolean hasOpen() {
        return Arrays.stream(outcomes).anyMatch(outcome -> outcome == null);
    }

    private boolean isDelivered() {
        return Arrays.stream(outcomes).anyMatch(outcome -> outcome != null && outcome.fate() == Fate.DELIVERED);
    }

    private void settleOpen(Outcome outcome) {
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] == null) {
                outcomes[i] = outcome;
            }
        }
    }

    /** Gathers small writes into blocks, each of which has its time. */
    private static final class BlockOutput extends OutputStream {
        private final SmtpConnection connection;
        private final byte[] block = new byte[32 * 1024];
        private int length;
        private boolean flushing;

        BlockOutput(SmtpConnection connection) {
            this.connection = connection;
        }

        @Override
        public void write(int octet) throws IOException {
            if (length == block.length) {
                send();
            }
            block[length++] = (byte) octet;
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            int done = 0;
            while (done < count) {
                if (length == block.length) {
                    send();
                }
                int part = Math.min(count - done, block.length - length);
                System.arraycopy(bytes, offset + done, block, length, part);
                length += part;
                done += part;
            }
        }

        @Override
        public void flush() throws IOException {
            flushing = true;
            send();
        }

        private void send() throws IOException {
            connection.write(block, 0, length);
            length = 0;
        }

        /** Whether the last block, the message's end in it, was on its way. */
        boolean isEndWritten() {
            return flushing;
        }
    }
}
