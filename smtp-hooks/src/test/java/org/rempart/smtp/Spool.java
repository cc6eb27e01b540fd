/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.mailet.AttributeName;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.Mail;

/** Stands in for James's spool queue: keeps what the SMTP server accepted. */
final class Spool {
    private final List<Accepted> mails = new CopyOnWriteArrayList<>();
    private volatile Exception failure;

    /** What was accepted since the last {@link #clear()}. */
    List<Accepted> mails() {
        return mails;
    }

    /** The one mail that was accepted. */
    Accepted only() {
        if (mails.size() != 1) {
            throw new AssertionError(mails.size() + " mails were accepted: " + mails);
        }
        return mails.get(0);
    }

    /** Makes it fail from now on; null makes it take mail again. */
    void failWith(Exception failure) {
        this.failure = failure;
    }

    void clear() {
        mails.clear();
    }

    MailQueueFactory<?> asMailQueueFactory() {
        MailQueue queue = proxy(MailQueue.class, (self, method, arguments) -> {
            if (method.getName().equals("enQueue")) {
                if (failure != null) {
                    throw failure;
                }
                mails.add(new Accepted((Mail) arguments[0]));
                return null;
            }
            return method.getName().equals("close") ? null : unexpected(method.getName());
        });
        return proxy(
                MailQueueFactory.class,
                (self, method, arguments) ->
                        method.getName().equals("createQueue") ? queue : unexpected(method.getName()));
    }

    private static Object unexpected(String method) {
        throw new UnsupportedOperationException(method);
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(Spool.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** One mail, as it was when it came. */
    static final class Accepted {
        private final String sender;
        private final List<String> recipients;
        private final String content;
        private final List<String> attributes = new ArrayList<>();
        private final Optional<DsnParameters> dsn;

        private Accepted(Mail mail) throws MessagingException, IOException {
            sender = mail.getMaybeSender().asString();
            dsn = mail.dsnParameters();
            recipients = mail.getRecipients().stream()
                    .map(recipient -> recipient.asString())
                    .collect(Collectors.toList());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            mail.getMessage().writeTo(bytes);
            content = bytes.toString(StandardCharsets.ISO_8859_1);
            mail.attributes()
                    .forEach(attribute -> attributes.add(attribute.getName().asString() + "="
                            + attribute.getValue().getValue()));
        }

        String sender() {
            return sender;
        }

        /** What the sender wants to be told (RFC 3461). */
        Optional<DsnParameters> dsn() {
            return dsn;
        }

        List<String> recipients() {
            return recipients;
        }

        /** The whole message, ISO 8859-1. */
        String content() {
            return content;
        }

        /** The value of an attribute, as text; null when there is none. */
        String attribute(AttributeName name) {
            String prefix = name.asString() + "=";
            return attributes.stream()
                    .filter(attribute -> attribute.startsWith(prefix))
                    .map(attribute -> attribute.substring(prefix.length()))
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public String toString() {
            return sender + " -> " + recipients + "\n" + content;
        }
    }
}
