/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.Notify;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.Mail;

/** What a sender is to be told of a mail, as the mail itself carries it to the mailet that writes the report. */
public final class DeliveryReport {
    private static final AttributeName ACTION = AttributeName.of("org.rempart.delivery.action");
    private static final AttributeName OUTCOMES = AttributeName.of("org.rempart.delivery.outcomes");
    /** When this server began to deliver the mail, in milliseconds since 1970. */
    private static final AttributeName SINCE = AttributeName.of("org.rempart.delivery.since");

    private static final AttributeName UNTIL = AttributeName.of("org.rempart.delivery.until");

    private static final Pattern REASON =
            Pattern.compile("([45]\\d\\d) ([45]\\.\\d{1,3}\\.\\d{1,3}) (.+)", Pattern.DOTALL);

    private DeliveryReport() {}

    /** What is reported (RFC 3464, section 2.3.3). */
    public enum Action {
        /** Nobody tries any more. */
        FAILED(Notify.FAILURE),
        /** It takes long, and is tried again. */
        DELAYED(Notify.DELAY),
        /** A server has it that sends no reports itself. */
        RELAYED(Notify.SUCCESS);

        private final Notify wish;

        Action(Notify wish) {
            this.wish = wish;
        }

        /** The word of the RFC. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether the sender wants such a report (RFC 3461, section 4.1): of failure and delay where nothing is said. */
    public static boolean isWanted(Mail mail, MailAddress recipient, Action action) {
        Optional<EnumSet<Notify>> wishes = mail.dsnParameters()
                .map(DsnParameters::getRcptParameters)
                .map(parameters -> parameters.get(recipient))
                .flatMap(RecipientDsnParameters::getNotifyParameter);
        return wishes.map(set -> set.contains(action.wish)).orElse(action != Action.RELAYED);
    }

    /** Notes that delivery begins now, unless it was noted before. */
    static void begin(Mail mail) {
        if (mail.getAttribute(SINCE).isEmpty()) {
            mail.setAttribute(
                    new Attribute(SINCE, AttributeValue.of(Instant.now().toEpochMilli())));
        }
    }

    /** When delivery began, or now, where nobody has noted it. */
    public static Instant since(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, SINCE, Long.class)
                .map(Instant::ofEpochMilli)
                .orElseGet(Instant::now);
    }

    /** Until when the mail is tried, as the report of a delay says it. */
    public static Optional<Instant> until(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, UNTIL, Long.class).map(Instant::ofEpochMilli);
    }

    static void until(Mail mail, Instant end) {
        mail.setAttribute(new Attribute(UNTIL, AttributeValue.of(end.toEpochMilli())));
    }

    /** Whether this is a code of failure, an enhanced status code (RFC 3463) and words. */
    public static boolean isReason(String text) {
        return REASON.matcher(text).matches();
    }

    /** What is known of a mail that another part of the server has given up: its words, and no more. */
    public static Outcome ofErrorMessage(Mail mail) {
        String error = Optional.ofNullable(mail.getErrorMessage()).orElse("");
        Matcher parts = REASON.matcher(error);
        if (parts.matches()) {
            return Outcome.local(
                    Stage.HERE, Event.BROKEN, Integer.parseInt(parts.group(1)), parts.group(2), parts.group(3));
        }
        return Outcome.local(Stage.HERE, Event.BROKEN, 554, "5.0.0", error.isBlank() ? "it can't be delivered" : error);
    }

    static void describe(Mail mail, Action action, Map<MailAddress, Outcome> outcomes) {
        mail.setAttribute(new Attribute(ACTION, AttributeValue.of(action.name())));
        mail.setAttribute(attribute(OUTCOMES, outcomes));
    }

    static void forget(Mail mail) {
        mail.removeAttribute(ACTION);
        mail.removeAttribute(OUTCOMES);
        mail.removeAttribute(UNTIL);
    }

    /** What is to be reported of a mail: of one that says nothing, that it has failed. */
    public static Action action(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, ACTION, String.class)
                .map(Action::valueOf)
                .orElse(Action.FAILED);
    }

    /** What came of it for each recipient, as far as the mail says it. */
    public static Map<MailAddress, Outcome> outcomes(Mail mail) {
        return outcomes(mail, OUTCOMES);
    }

    static Map<MailAddress, Outcome> outcomes(Mail mail, AttributeName name) {
        Map<MailAddress, Outcome> outcomes = new LinkedHashMap<>();
        Object value = mail.getAttribute(name)
                .map(attribute -> (Object) attribute.getValue().value())
                .orElse(null);
        if (value instanceof Map) {
            ((Map<?, ?>) value)
                    .forEach((recipient, outcome) -> Outcome.ofAttribute(((AttributeValue<?>) outcome).value())
                            .ifPresent(read -> {
                                try {
                                    outcomes.put(new MailAddress(String.valueOf(recipient)), read);
                                } catch (AddressException none) {
                                    // Nobody has written that here.
                                }
                            }));
        }
        return outcomes;
    }

    static Attribute attribute(AttributeName name, Map<MailAddress, Outcome> outcomes) {
        Map<String, AttributeValue<?>> values = new LinkedHashMap<>();
        outcomes.forEach((recipient, outcome) -> values.put(recipient.asString(), outcome.toAttribute()));
        return new Attribute(name, AttributeValue.of(values));
    }
}
