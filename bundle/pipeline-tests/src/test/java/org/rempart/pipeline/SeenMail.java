/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.AttributeName;
import org.apache.mailet.Mail;

/** A mail as it was at one moment; what happens to the mail later does not change it. */
public final class SeenMail {
    private final String name;
    private final String sender;
    private final List<String> recipients;
    private final String errorMessage;
    private final List<String> attributes;
    private final byte[] message;

    private SeenMail(
            String name,
            String sender,
            List<String> recipients,
            String errorMessage,
            List<String> attributes,
            byte[] message) {
        this.name = name;
        this.sender = sender;
        this.recipients = recipients;
        this.errorMessage = errorMessage;
        this.attributes = attributes;
        this.message = message;
    }

    static SeenMail of(Mail mail) throws MessagingException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        try {
            mail.getMessage().writeTo(message);
        } catch (IOException unwritten) {
            throw new MessagingException("the message of " + mail.getName() + " can't be read", unwritten);
        }
        return new SeenMail(
                mail.getName(),
                mail.getMaybeSender().asString(),
                mail.getRecipients().stream()
                        .map(MailAddress::asString)
                        .sorted()
                        .collect(Collectors.toList()),
                mail.getErrorMessage(),
                mail.attributeNames().map(AttributeName::asString).sorted().collect(Collectors.toList()),
                message.toByteArray());
    }

    public String name() {
        return name;
    }

    /** The reverse-path; for the null one, {@code <>}. */
    public String sender() {
        return sender;
    }

    /** The forward-paths, sorted. */
    public List<String> recipients() {
        return recipients;
    }

    public Optional<String> errorMessage() {
        return Optional.ofNullable(errorMessage);
    }

    /** The names of the mail's attributes, sorted. */
    public List<String> attributes() {
        return attributes;
    }

    /** The message's bytes, each as one character. */
    public String message() {
        return new String(message, StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return name + " from " + sender + " to " + recipients;
    }
}
