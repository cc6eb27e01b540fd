/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One mail over one connection: MAIL, RCPT for each recipient, the message (RFC 5321, section 3.3).
 *
 * <p>With PIPELINING all commands travel together, and a small message with CHUNKING along with them: a mail costs one round
 * trip. RFC 3030 makes that safe: a server that has refused every recipient reads the chunk and throws it away.
 *
 * <p>Nobody is taken to have the mail before the server has answered the message's end with a 2xx. When the connection is
 * lost between that end and that answer, the mail is tried again, and may be delivered twice: the one place where RFC 5321,
 * section 4.5.3.2.6, allows it.
 */
final class MailTransaction {
    private final SmtpConnection connection;
    private final EhloResponse server;
    private final Envelope envelope;
    private final OutgoingMessage message;
    private final boolean sendPartial;
    private final RecipientOutcome[] outcomes;

    /** What the server is expected to answer next, for those who read why it was in vain. */
    private String awaited = "MAIL";
    /** Whether the server may have the whole message, so that nobody else may be given it before a later try. */
    private boolean handedOver;

    private MailTransaction(
            SmtpConnection connection, Envelope envelope, OutgoingMessage message, boolean sendPartial) {
        this.connection = connection;
        this.server = connection.server();
        this.envelope = envelope;
        this.message = message;
        this.sendPartial = sendPartial;
        this.outcomes = new RecipientOutcome[envelope.recipients().size()];
    }

    /** What came of it. */
    static final class Result {
        private final List<RecipientOutcome> outcomes;
        private final boolean untouched;

        private Result(List<RecipientOutcome> outcomes, boolean untouched) {
            this.outcomes = outcomes;
            this.untouched = untouched;
        }

        /** For each recipient of the envelope, in its order. */
        List<RecipientOutcome> outcomes() {
            return outcomes;
        }

        /** Whether the connection was lost, or closed by the server, before it had anything: another may do better. */
        boolean isUntouched() {
            return untouched;
        }
    }

    /**
     * Sends a mail.
     *
     * @param connection a connection that is in order; when it is not any more, it is marked so
     * @param sendPartial whether the message goes to those whom the server accepts, when it refuses others
     */
    static Result run(SmtpConnection connection, Envelope envelope, OutgoingMessage message, boolean sendPartial) {
        return new MailTransaction(connection, envelope, message, sendPartial).run();
    }

    private Result run() {
        connection.begin();
        boolean untouched = false;
        try {
            Optional<RecipientOutcome> hopeless = hopeless();
            if (hopeless.isPresent()) {
                settleOpen(hopeless.get());
            } else if (server.offers("PIPELINING")) {
                untouched = converseInFlights();
            } else {
                untouched = converseStepByStep();
            }
        } catch (UnreadableMessageException unreadable) {
            // The message has no end yet, and must not get one.
            connection.abandon();
            settleOpen(RecipientOutcome.deferred("451 4.3.0 " + unreadable.getMessage()));
        } catch (IOException lost) {
            connection.abandon();
            untouched = !handedOver;
            settleOpen(RecipientOutcome.deferred((lost instanceof SmtpProtocolException ? "421 4.5.0 " : "421 4.4.2 ")
                    + connection.endpoint().host()
                    + (lost instanceof SocketTimeoutException
                            ? " did not answer " + awaited + " in time"
                            : ": " + lost.getMessage() + ", while waiting for the answer to " + awaited)));
        }
        return new Result(List.of(outcomes), untouched);
    }

    /** What nothing that is sent could mend. */
    private Optional<RecipientOutcome> hopeless() throws UnreadableMessageException {
        if (envelope.unspeakable().isPresent()) {
            return Optional.of(RecipientOutcome.failed("553 5.1.3 an address with a control character"));
        }
        if (envelope.needsUtf8() && !server.offers("SMTPUTF8")) {
            return Optional.of(RecipientOutcome.failed("553 5.6.7 "
                    + connection.endpoint().host() + " does not take internationalised addresses (SMTPUTF8)"));
        }
        if (server.isTooLarge(message.size())) {
            return Optional.of(RecipientOutcome.failed("552 5.3.4 the message of " + message.size()
                    + " bytes is larger than " + connection.endpoint().host() + " takes"));
        }
        // A report is sent all the same: refused, it would leave nobody who is ever told. Servers that cut off the
        // eighth
        // bit have died out; those that only don't offer 8BITMIME have not.
        if (!server.offers("8BITMIME") && !envelope.isReport() && message.isEightBit()) {
            return Optional.of(
                    RecipientOutcome.failed(
                            "554 5.6.3 " + connection.endpoint().host()
                                    + " does not take 8-bit messages (8BITMIME), and a message that may be signed is not rewritten"));
        }
        return Optional.empty();
    }

    /** @return whether the server said goodbye before it had anything */
    private boolean converseInFlights() throws IOException, UnreadableMessageException {
        boolean chunk = sendPartial && message.isSmall() && server.offers("CHUNKING");
        boolean reset = connection.needsReset();
        Flight flight = new Flight();
        if (reset) {
            flight.line("RSET");
        }
        flight.line(envelope.mail(server, message.size()));
        envelope.recipients().forEach(recipient -> flight.line(envelope.rcpt(server, recipient)));
        if (chunk) {
            flight.lastChunk(message.chunk());
            handedOver = true;
        } else if (sendPartial) {
            flight.line("DATA");
        }
        connection.write(flight);
        if (reset) {
            connection.read(connection.timeouts().command());
        }
        SmtpReply mail = connection.read(connection.timeouts().command());
        connection.needsReset(mail.isPositive());
        if (!mail.isPositive()) {
            handedOver = false;
            settleOpen(refusal(mail));
            if (mail.saysGoodbye()) {
                return true;
            }
        }
        for (int i = 0; i < outcomes.length; i++) {
            awaited = "RCPT";
            SmtpReply rcpt = connection.read(connection.timeouts().command());
            if (mail.isPositive() && !rcpt.isPositive()) {
                outcomes[i] = refusal(rcpt);
            }
        }
        if (chunk) {
            readEnd();
        } else if (sendPartial) {
            afterData();
        } else if (mail.isPositive()) {
            sendToAllOrNone();
        }
        return false;
    }

    private boolean converseStepByStep() throws IOException, UnreadableMessageException {
        if (connection.needsReset()) {
            command("RSET");
        }
        SmtpReply mail = command(envelope.mail(server, message.size()));
        connection.needsReset(mail.isPositive());
        if (!mail.isPositive()) {
            settleOpen(refusal(mail));
            return mail.saysGoodbye();
        }
        awaited = "RCPT";
        for (int i = 0; i < outcomes.length && !connection.isAbandoned(); i++) {
            SmtpReply rcpt = command(envelope.rcpt(server, envelope.recipients().get(i)));
            if (!rcpt.isPositive()) {
                outcomes[i] = refusal(rcpt);
            }
        }
        if (connection.isAbandoned()) {
            settleOpen(RecipientOutcome.deferred(
                    "421 4.4.2 " + connection.endpoint().host() + " closed the connection among the recipients"));
        } else if (!sendPartial) {
            sendToAllOrNone();
        } else if (hasOpen()) {
            connection.write(new Flight().line("DATA"));
            afterData();
        }
        return false;
    }

    private SmtpReply command(String line) throws IOException {
        connection.write(new Flight().line(line));
        return connection.read(connection.timeouts().command());
    }

    private void sendToAllOrNone() throws IOException, UnreadableMessageException {
        long refused =
                Arrays.stream(outcomes).filter(outcome -> outcome != null).count();
        if (refused > 0) {
            settleOpen(RecipientOutcome.deferred("450 4.5.3 other recipients were refused, and sendpartial is false"));
            return;
        }
        connection.write(new Flight().line("DATA"));
        afterData();
    }

    /** DATA was sent: a server that goes on with 354 though it has refused everybody gets an empty message (RFC 2920). */
    private void afterData() throws IOException, UnreadableMessageException {
        awaited = "DATA";
        SmtpReply data = connection.read(connection.timeouts().dataStart());
        if (!data.isIntermediate()) {
            settleOpen(refusal(data));
            return;
        }
        if (!hasOpen()) {
            connection.write(new Flight().line("."));
            readEnd();
            return;
        }
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
        awaited = "the message";
        try {
            SmtpReply reply = connection.read(java.time.Duration.ofSeconds(1));
            if (!reply.isPositive() && !reply.isIntermediate()) {
                settleOpen(refusal(reply));
            }
        } catch (IOException silent) {
            lost.addSuppressed(silent);
        }
        return lost;
    }

    private void readEnd() throws IOException {
        awaited = "the end of the message";
        SmtpReply end = connection.read(connection.timeouts().dataEnd());
        connection.needsReset(!end.isPositive());
        settleOpen(end.isPositive() ? RecipientOutcome.of(end) : refusal(end));
    }

    /** What a reply other than 2xx means; one that makes no sense here makes the connection useless. */
    private RecipientOutcome refusal(SmtpReply reply) {
        if (reply.isIntermediate() || reply.isPositive()) {
            connection.abandon();
            return RecipientOutcome.deferred(
                    "451 4.5.0 " + connection.endpoint().host() + " answered " + awaited + " with " + reply);
        }
        return RecipientOutcome.of(reply);
    }

    private boolean hasOpen() {
        return Arrays.stream(outcomes).anyMatch(outcome -> outcome == null);
    }

    private void settleOpen(RecipientOutcome outcome) {
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
