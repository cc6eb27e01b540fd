/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/**
 * A RemoteDelivery that becomes a SecureRemoteDelivery where it stands: its parameters are carried over, or have another name,
 * or the policy says them.
 */
final class RemoteDeliveryLines {
    private static final Map<String, String> RENAMED = Map.of(
            "outgoingQueue", "outgoing",
            "mail.smtp.localhost", "heloName",
            "mail.smtp.localaddress", "bind",
            "mail.smtp.timeout", "timeout",
            "mail.smtp.connectiontimeout", "connectiontimeout",
            "mail.smtp.sendpartial", "sendpartial",
            "mail.smtp.user", "gatewayUsername",
            "mail.smtp.password", "gatewayPassword");

    private static final Set<String> TAKEN = Set.of(
            "outgoing",
            "delayedMail",
            "delayTime",
            "maxRetries",
            "maxDnsProblemRetries",
            "bounceProcessor",
            "onSuccess",
            "gateway",
            "gatewayPort",
            "gatewayUsername",
            "gatewayusername",
            "gatewayPassword",
            "loadBalancing",
            "heloName",
            "bind",
            "timeout",
            "connectiontimeout",
            "sendpartial",
            "usePriority",
            "debug",
            "deliveryThreads",
            "mail.smtp.port",
            "onMailetException",
            "onMatchException");

    private static final Pattern TLS =
            Pattern.compile("startTLS|verifyServerIdentity|sslEnable|mail\\.smtps?\\.(starttls|ssl)\\..*");

    /** What James's samples have: three tries within ten minutes. */
    private static final Map<String, String> SAMPLE = Map.of(
            "delayTime", "5000, 100000, 500000",
            "maxRetries", "3",
            "maxDnsProblemRetries", "0",
            "deliveryThreads", "10");

    private final XmlEditor editor;
    private final Site site;
    private final XmlElement delivery;
    private final XmlElement ours;

    RemoteDeliveryLines(XmlEditor editor, Site site, XmlElement delivery) {
        this.editor = editor;
        this.site = site;
        this.delivery = delivery;
        this.ours = Pieces.of("mailetcontainer.xml").root().all("mailet").stream()
                .filter(mailet -> Mailets.is(mailet, "SecureRemoteDelivery"))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Edits it.
     *
     * @param queues those of the deliveries before; no two may share one
     * @param bounces the processor that gets what failed
     * @param reported whether that one has SendReport
     */
    void becomeOurs(Set<String> queues, String bounces, boolean reported) {
        String reason =
                "James's RemoteDelivery sends in clear text, or not at all where a peer's certificate is not trusted;"
                        + " <outbound> of rempart.xml says what each destination gets";
        editor.attribute(delivery, "class", "org.rempart.mailet.SecureRemoteDelivery", reason);
        for (XmlElement parameter : delivery.children()) {
            parameter(parameter);
        }
        StringBuilder missing = new StringBuilder();
        String queue = queue(queues);
        if (given("outgoing").isEmpty() && given("outgoingQueue").isEmpty()) {
            missing.append(line("outgoing", queue));
        }
        if (site.hasRabbit() && given("delayedMail").isEmpty()) {
            missing.append(line("delayedMail", site.fill("stored://var/mail/delayed/" + queue + "/")));
            editor.note(
                    delivery,
                    "RabbitMQ ignores delays, so mail waits for its next try in a repository, and servers agree in"
                            + " Redis or Valkey who takes it: name that in rempart.xml, such as <shared"
                            + " store=\"rediss://redis.example.com\" password=\"conf/redis.password\"/>");
        }
        if (given("heloName").isEmpty() && given("mail.smtp.localhost").isEmpty()) {
            missing.append(line("heloName", site.host()));
        }
        for (String name : new String[] {"delayTime", "maxRetries", "maxDnsProblemRetries"}) {
            boolean tries = given("delayTime").isEmpty() && given("maxRetries").isEmpty();
            if (given(name).isEmpty() && (tries || name.equals("maxDnsProblemRetries"))) {
                missing.append(line(name, ours.text(name)));
            }
        }
        if (given("bounceProcessor").isEmpty()) {
            missing.append(line("bounceProcessor", bounces));
        }
        if (reported) {
            missing.append(line("reportProcessor", bounces)).append(line("warnAfter", ours.text("warnAfter")));
        }
        if (given("onMailetException").isEmpty()) {
            missing.append(line("onMailetException", "propagate"));
        }
        if (missing.length() > 0) {
            editor.append(delivery, missing.toString(), reason);
        }
    }

    private String queue(Set<String> queues) {
        Optional<XmlElement> given = given("outgoing").or(() -> given("outgoingQueue"));
        String name = given.map(XmlElement::text).orElse("outgoing");
        String own = name;
        for (int i = 2; !queues.add(own); i++) {
            own = name + "-" + i;
        }
        if (given.isPresent() && !own.equals(name)) {
            editor.text(given.get(), own, "two deliveries with one queue would mix their mail");
        }
        return own;
    }

    private void parameter(XmlElement parameter) {
        String name = parameter.name();
        if (parameter.text().equals(SAMPLE.get(name)) && isOfTheSample(name)) {
            if (name.equals("deliveryThreads")) {
                editor.delete(parameter, "James never read <deliveryThreads>; ours does, and 10 would be few");
            } else {
                editor.text(
                        parameter,
                        ours.text(name),
                        "a mail is given up within minutes, where RFC 5321, section 4.5.4.1," + " asks for days");
            }
        } else if (RENAMED.containsKey(name) && given(RENAMED.get(name)).isEmpty()) {
            editor.rename(parameter, RENAMED.get(name), "<" + name + "> is <" + RENAMED.get(name) + "> here");
        } else if (TLS.matcher(name).matches()) {
            editor.delete(parameter, "<" + name + ">: <outbound> of rempart.xml says what TLS a destination gets");
            if (name.equals("sslEnable") || name.startsWith("mail.smtps")) {
                editor.note(
                        parameter,
                        "TLS from the first byte is not used between servers: give the gateway's port that has"
                                + " STARTTLS, 587 or 25, in <gatewayPort>");
            }
        } else if (!TAKEN.contains(name)) {
            editor.delete(parameter, "<" + name + "> is nothing that our delivery has");
            editor.note(
                    parameter,
                    "<" + name + ">" + parameter.text()
                            + " goes: see docs/delivery.md whether another parameter says what it was for");
        }
    }

    /** Times and numbers of tries are the sample's only together. */
    private boolean isOfTheSample(String name) {
        return name.equals("deliveryThreads")
                || name.equals("maxDnsProblemRetries")
                || (given("delayTime").map(XmlElement::text).equals(Optional.of(SAMPLE.get("delayTime")))
                        && given("maxRetries").map(XmlElement::text).equals(Optional.of(SAMPLE.get("maxRetries"))));
    }

    private Optional<XmlElement> given(String name) {
        return delivery.child(name);
    }

    private static String line(String name, String value) {
        return "<" + name + ">" + value + "</" + name + ">\n";
    }
}
