/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.james.core.MailAddress;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.Notify;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.Mail;
import org.rempart.message.RequireTls;
import org.rempart.policy.DomainNames;

/**
 * Who sends and who receives, as the commands MAIL and RCPT say it (RFC 5321, sections 4.1.1.2 and 4.1.1.3), with the
 * parameters for delivery reports (RFC 3461) and for TLS all the way (RFC 8689).
 */
final class Envelope {
    /** {@code xtext} of RFC 3461, section 4: what James hands on as the client wrote it. */
    private static final Pattern XTEXT = Pattern.compile("(?:[!-*,-<>-~]|\\+[0-9A-F]{2}){1,500}");

    private static final int LONGEST_ENVID = 100;

    private final String sender;
    private final List<MailAddress> recipients;
    private final Optional<DsnParameters> reports;
    private final boolean requiresTls;

    private Envelope(
            String sender, List<MailAddress> recipients, Optional<DsnParameters> reports, boolean requiresTls) {
        this.sender = sender;
        this.recipients = recipients;
        this.reports = reports;
        this.requiresTls = requiresTls;
    }

    /** A mail's envelope with some of its recipients. */
    static Envelope of(Mail mail, List<MailAddress> recipients) {
        return new Envelope(
                mail.getMaybeSender().asOptional().map(Envelope::onTheWire).orElse(""),
                List.copyOf(recipients),
                mail.dsnParameters(),
                RequireTls.holds(mail));
    }

    List<MailAddress> recipients() {
        return recipients;
    }

    /** The same with other recipients. */
    Envelope to(List<MailAddress> others) {
        return new Envelope(sender, List.copyOf(others), reports, requiresTls);
    }

    /**
     * An address with its domain in A-labels, since an internationalised domain alone needs no SMTPUTF8; and an address
     * literal in its brackets, which James takes off.
     */
    private static String onTheWire(MailAddress address) {
        String domain = address.getDomain().asString();
        Optional<InetAddress> literal = MxResolver.literal(domain);
        if (literal.isPresent()) {
            String prefix = literal.get() instanceof Inet6Address ? "IPv6:" : "";
            return address.getLocalPart() + "@[" + prefix + literal.get().getHostAddress() + "]";
        }
        if (!isAscii(domain)) {
            // What is no domain stays as it is; the peer is asked for SMTPUTF8, and says what it thinks of it.
            domain = DomainNames.comparable(domain);
        }
        return address.getLocalPart() + "@" + domain;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(character -> character < 128);
    }

    /** Whether its sender is the null one, to whom no failure can be told (RFC 5321, section 4.5.5). */
    boolean isReport() {
        return sender.isEmpty();
    }

    /** Whether it goes only under TLS, to who promises the same (REQUIRETLS, RFC 8689). */
    boolean requiresTls() {
        return requiresTls;
    }

    /** Whether an address can be written only with SMTPUTF8 (RFC 6531). */
    boolean needsUtf8() {
        return !isAscii(sender) || recipients.stream().anyMatch(recipient -> !isAscii(onTheWire(recipient)));
    }

    /** The first address that no command can hold, since it would end the command's line. */
    Optional<String> unspeakable() {
        List<String> all = new ArrayList<>();
        all.add(sender);
        recipients.forEach(recipient -> all.add(onTheWire(recipient)));
        return all.stream()
                .filter(address -> address.chars().anyMatch(character -> character < ' ' || character == 127))
                .findFirst();
    }

    /**
     * The command MAIL with all parameters that the server offers.
     *
     * @param size of the message, in bytes
     */
    String mail(EhloResponse server, long size) {
        StringBuilder command = new StringBuilder("MAIL FROM:<").append(sender).append('>');
        if (server.offers("SIZE")) {
            command.append(" SIZE=").append(size);
        }
        if (server.offers("8BITMIME")) {
            command.append(" BODY=8BITMIME");
        }
        if (needsUtf8()) {
            command.append(" SMTPUTF8");
        }
        if (requiresTls) {
            command.append(' ').append(RequireTls.KEYWORD);
        }
        if (server.offers("DSN")) {
            reports.flatMap(DsnParameters::getRetParameter)
                    .ifPresent(ret -> command.append(" RET=").append(ret));
            reports.flatMap(DsnParameters::getEnvIdParameter)
                    .map(id -> id.asString())
                    .filter(id ->
                            id.length() <= LONGEST_ENVID && XTEXT.matcher(id).matches())
                    .ifPresent(id -> command.append(" ENVID=").append(id));
        }
        return command.toString();
    }

    /** The command RCPT for one recipient. */
    String rcpt(EhloResponse server, MailAddress recipient) {
        StringBuilder command =
                new StringBuilder("RCPT TO:<").append(onTheWire(recipient)).append('>');
        Optional<RecipientDsnParameters> wishes =
                reports.map(DsnParameters::getRcptParameters).map(parameters -> parameters.get(recipient));
        if (server.offers("DSN") && wishes.isPresent()) {
            wishes.get()
                    .getNotifyParameter()
                    .ifPresent(notify -> command.append(" NOTIFY=").append(keywords(notify)));
            wishes.get()
                    .getOrcptParameter()
                    .ifPresent(original -> command.append(" ORCPT=rfc822;").append(xtext(original.asString())));
        }
        return command.toString();
    }

    private static String keywords(EnumSet<Notify> notify) {
        return notify.stream().map(Notify::name).collect(Collectors.joining(","));
    }

    private static String xtext(String text) {
        if (XTEXT.matcher(text).matches()) {
            return text;
        }
        StringBuilder encoded = new StringBuilder();
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            if (octet > ' ' && octet < 127 && octet != '+' && octet != '=') {
                encoded.append((char) octet);
            } else {
                encoded.append(String.format("+%02X", octet & 0xff));
            }
        }
        return encoded.toString();
    }
}
