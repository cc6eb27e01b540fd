/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.PerRecipientHeaders.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All of a mail but its message, as JSON in plain ASCII, so that no database's character set can change it. */
final class Envelope {
    private static final Logger LOGGER = LoggerFactory.getLogger(Envelope.class);

    /** What is written must be readable again, however long a value is. */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .build())
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .build())
            .build();

    private Envelope() {}

    /** A mail's envelope as text. Attributes that have no lasting form are left out, with a line in the log. */
    static String write(Mail mail) throws IOException {
        ObjectNode envelope = JSON.createObjectNode();
        envelope.put("name", mail.getName());
        mail.getMaybeSender().asOptional().ifPresent(sender -> envelope.put("sender", sender.asString()));
        ArrayNode recipients = envelope.putArray("recipients");
        mail.getRecipients().forEach(recipient -> recipients.add(recipient.asString()));
        envelope.put("state", mail.getState());
        envelope.put("errorMessage", mail.getErrorMessage());
        envelope.put("remoteHost", mail.getRemoteHost());
        envelope.put("remoteAddress", mail.getRemoteAddr());
        if (mail.getLastUpdated() != null) {
            envelope.put("lastUpdated", mail.getLastUpdated().toInstant().toEpochMilli());
        }
        ArrayNode attributes = envelope.putArray("attributes");
        mail.attributes().forEach(attribute -> {
            Optional<JsonNode> value = attribute.getValue().toJson();
            if (value.isPresent()) {
                attributes
                        .addObject()
                        .put("name", attribute.getName().asString())
                        .set("value", value.get());
            } else {
                LOGGER.warn(
                        "Mail {}: the attribute {} can't be stored, and is lost",
                        mail.getName(),
                        attribute.getName().asString());
            }
        });
        ArrayNode headers = envelope.putArray("recipientHeaders");
        mail.getPerRecipientSpecificHeaders()
                .getHeadersByRecipient()
                .forEach((recipient, header) -> headers.addObject()
                        .put("recipient", recipient.asString())
                        .put("name", header.getName())
                        .put("value", header.getValue()));
        return JSON.writeValueAsString(envelope);
    }

    /**
     * The mail of an envelope, without its message.
     *
     * @throws IOException when the text is none
     */
    static MailImpl read(String text) throws IOException {
        try {
            JsonNode envelope = JSON.readTree(text);
            List<MailAddress> recipients = new ArrayList<>();
            for (JsonNode recipient : envelope.path("recipients")) {
                recipients.add(new MailAddress(recipient.textValue()));
            }
            MailImpl.Builder mail = MailImpl.builder()
                    .name(envelope.path("name").textValue())
                    .addRecipients(recipients)
                    .state(envelope.path("state").textValue())
                    .errorMessage(envelope.path("errorMessage").textValue());
            if (envelope.hasNonNull("sender")) {
                mail.sender(new MailAddress(envelope.get("sender").textValue()));
            }
            for (JsonNode attribute : envelope.path("attributes")) {
                mail.addAttribute(new Attribute(
                        AttributeName.of(attribute.get("name").textValue()),
                        AttributeValue.fromJson(attribute.get("value"))));
            }
            for (JsonNode header : envelope.path("recipientHeaders")) {
                mail.addHeaderForRecipient(
                        Header.builder()
                                .name(header.get("name").textValue())
                                .value(header.get("value").textValue())
                                .build(),
                        new MailAddress(header.get("recipient").textValue()));
            }
            MailImpl built = mail.build();
            // The builder has values of its own for what is not given.
            built.setRemoteHost(envelope.path("remoteHost").textValue());
            built.setRemoteAddr(envelope.path("remoteAddress").textValue());
            built.setLastUpdated(
                    envelope.hasNonNull("lastUpdated")
                            ? Date.from(Instant.ofEpochMilli(
                                    envelope.get("lastUpdated").longValue()))
                            : null);
            return built;
        } catch (JsonProcessingException unreadable) {
            throw new IOException("the envelope can't be read: " + unreadable.getOriginalMessage(), unreadable);
        } catch (MessagingException | RuntimeException unreadable) {
            throw new IOException("the envelope can't be read: " + unreadable.getMessage(), unreadable);
        }
    }
}
