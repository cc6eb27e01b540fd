/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.message.RequireTls;
import org.rempart.smtp.EnvelopeArgument.Fault;

/**
 * The parameters of MAIL and RCPT: one that EHLO has not offered is answered {@code 555 5.5.4} (RFC 5321, section 4.1.1.11),
 * since what it asks for would not be done; one whose value has no meaning, {@code 501 5.5.4}.
 */
final class EnvelopeParameters {
    /** RFC 3461, section 4: printable, but for +, = and what +HH stands for. */
    private static final Pattern XTEXT = Pattern.compile("([!-*,-<>-~]|\\+[0-9A-F]{2})+");
    /** RFC 3461, sections 4.2 and 4.4. */
    private static final int LONGEST_ORCPT = 500;

    private static final int LONGEST_ENVID = 100;

    private static final Set<String> NOTIFY = Set.of("SUCCESS", "FAILURE", "DELAY");
    private static final String RFC822 = "rfc822;";

    private EnvelopeParameters() {}

    /** The same argument with its ORCPT as James reads it. */
    static EnvelopeArgument asJamesReadsIt(EnvelopeArgument argument) {
        String orcpt = argument.parameters().get("ORCPT");
        return orcpt == null ? argument : argument.with("ORCPT", RFC822 + decoded(orcpt));
    }

    /**
     * Looks at them all.
     *
     * @param offered the names that the handlers of this listener take
     */
    static void check(SMTPSession session, Map<String, String> parameters, Set<String> offered) throws Fault {
        boolean extended = session.getAttachment(SMTPSession.CURRENT_HELO_MODE, State.Connection)
                .filter("EHLO"::equalsIgnoreCase)
                .isPresent();
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            if (!extended || !offered.contains(parameter.getKey())) {
                throw new Fault("555", "5.5.4 This parameter was not offered");
            }
            if (!isMeaningful(parameter.getKey(), parameter.getValue())) {
                throw new Fault("501", "5.5.4 The value of a parameter has no meaning");
            }
        }
    }

    private static boolean isMeaningful(String name, String value) {
        String upper = value.toUpperCase(Locale.ROOT);
        switch (name) {
            case "BODY":
                return upper.equals("7BIT") || upper.equals("8BITMIME");
            case "SIZE":
                return value.matches("[0-9]{1,20}");
            case RequireTls.KEYWORD:
                return value.isEmpty();
            case "RET":
                return upper.equals("FULL") || upper.equals("HDRS");
            case "ENVID":
                return value.length() <= LONGEST_ENVID && XTEXT.matcher(value).matches();
            case "NOTIFY":
                List<String> events = Arrays.asList(upper.split(",", -1));
                return upper.equals("NEVER")
                        || (NOTIFY.containsAll(events) && Set.copyOf(events).size() == events.size());
            case "ORCPT":
                return value.length() <= LONGEST_ORCPT
                        && value.regionMatches(true, 0, RFC822, 0, RFC822.length())
                        && XTEXT.matcher(value.substring(RFC822.length())).matches()
                        && isAddress(decoded(value));
            default:
                return true;
        }
    }

    /**
     * The address of an ORCPT as James reads it, which takes it as it stands: in clear text, but for + and =, which stay
     * encoded.
     *
     * @param value a value that was checked
     */
    static String decoded(String value) {
        String xtext = value.substring(RFC822.length());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < xtext.length(); i++) {
            char c = xtext.charAt(i);
            if (c != '+') {
                text.append(c);
                continue;
            }
            String code = xtext.substring(i, i + 3);
            char encoded = (char) Integer.parseInt(code.substring(1), 16);
            text.append(encoded == '+' || encoded == '=' ? code : String.valueOf(encoded));
            i += 2;
        }
        return text.toString();
    }

    private static boolean isAddress(String text) {
        try {
            return text.chars().noneMatch(c -> c < ' ')
                    && !new MailAddress(text).asString().isEmpty();
        } catch (AddressException | RuntimeException none) {
            return false;
        }
    }
}
