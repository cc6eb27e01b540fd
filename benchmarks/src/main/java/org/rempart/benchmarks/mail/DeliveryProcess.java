/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.hubspot.smtp.client.SmtpSessionFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

/**
 * A sender's process: it sends a batch of mails at each line of its input, which names the batch and its size, and ends with
 * its input.
 */
final class DeliveryProcess {
    /** At once, as Postfix and our delivery have it by default to one destination. */
    static final int CONNECTIONS = 20;

    /** Who sends. */
    enum Who {
        /** Our mailet. */
        REMPART,
        /** James's mailet. */
        STOCK,
        /** NioSmtpClient alone. */
        NIO,
        /** JavaMail alone. */
        JAVAMAIL
    }

    private DeliveryProcess() {}

    /** @param arguments who sends; the sink's port on 127.0.0.1 */
    public static void main(String[] arguments) throws Exception {
        InetSocketAddress sink = new InetSocketAddress(
                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), Integer.parseInt(arguments[1]));
        try (Sender sender = sender(Who.valueOf(arguments[0]), sink);
                Scanner batches = new Scanner(System.in, "US-ASCII")) {
            System.out.println("ready");
            while (batches.hasNext()) {
                sender.send(mails(batches.next(), batches.nextInt()));
            }
        }
        System.exit(0);
    }

    /** The mails of a batch. */
    static List<Mail> mails(String batch, int count) {
        List<Mail> mails = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            mails.add(Mail.relayed(batch + "-" + i, Mail.Shape.USUAL));
        }
        return mails;
    }

    private static Sender sender(Who who, InetSocketAddress sink) throws Exception {
        return switch (who) {
            case REMPART -> QueueSender.ours(sink);
            case STOCK -> QueueSender.stock(sink);
            case NIO -> {
                SmtpSessionFactory factory = NioConnection.factory(sink);
                yield new ConnectionsSender(CONNECTIONS, () -> NioConnection.open(factory, sink));
            }
            case JAVAMAIL -> new ConnectionsSender(CONNECTIONS, () -> JavaMailConnection.open(sink));
        };
    }
}
