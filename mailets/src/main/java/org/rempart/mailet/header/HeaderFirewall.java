/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.Decision;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderVerdict;

/**
 * Takes out of a header what must not leave. All that stays is the same bytes in the same order. Where the policy has
 * values rewritten, the fields that stay lose what they say of the internal network ({@link ValueRewriter}); an ARC set of ours that
 * tells of it goes as a whole ({@link ArcSets}).
 *
 * <p>Where the policy removes the trace fields, their number is kept in a field {@value #HOPS}, since it is by their
 * number that servers find loops; a mail that has gone round too often is refused with {@link TooManyHopsException}. That
 * field names no host and no product, and the policy's {@code <strip>} does not reach it; a signature does not save it.
 */
public final class HeaderFirewall {
    /** How many trace fields were taken out, on this server and those before it. */
    static final String HOPS = "X-Hop-Count";

    /** What RFC 5321, section 6.3, calls large enough. */
    private static final int MOST_HOPS = 100;

    private static final String RECEIVED = "Received";
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    private static final Outcome UNASKED = new Outcome(HeaderBlock.KEEP, "");

    private final HeaderPolicy policy;
    private final Predicate<Domain> ours;
    private final String publicName;
    private final MessageIds ids;
    private final List<String> innerDomains;
    private final List<String> machine;
    private final Predicate<String> accounts;

    /**
     * A firewall.
     *
     * @param policy what leaves and what does not
     * @param ours whether a domain is one that we receive mail for
     * @param publicName the host name that stands for ours in what is rewritten
     * @param ids the form of our message ids outside
     * @param machine the names of this machine, inner ones beside those of the policy; not what is below them
     */
    public HeaderFirewall(
            HeaderPolicy policy,
            Predicate<Domain> ours,
            String publicName,
            MessageIds ids,
            Collection<String> machine) {
        this(policy, ours, publicName, ids, machine, name -> false);
    }

    /**
     * A firewall that knows accounts.
     *
     * @param accounts whether an address in a domain of ours is the name of an account
     */
    public HeaderFirewall(
            HeaderPolicy policy,
            Predicate<Domain> ours,
            String publicName,
            MessageIds ids,
            Collection<String> machine,
            Predicate<String> accounts) {
        this.policy = policy;
        this.ours = ours;
        this.publicName = publicName;
        this.ids = ids;
        this.innerDomains = policy.innerDomains();
        this.machine =
                machine.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toList());
        this.accounts = accounts;
    }

    /** A mail has passed more servers than any mail does on its way. */
    public static final class TooManyHopsException extends Exception {
        private static final long serialVersionUID = 1L;

        TooManyHopsException(long hops) {
            super("the mail has passed " + hops + " servers, which is a loop");
        }
    }

    /** What becomes of a field, and by which rule. */
    static final class Outcome {
        /** As in {@link HeaderBlock#with}. */
        final byte[] replacement;

        private final Object reason;

        /** @param reason the rule, whose text nobody may ask for */
        Outcome(byte[] replacement, Object reason) {
            this.replacement = replacement;
            this.reason = reason;
        }

        /** The rule; empty where none was asked. */
        String reason() {
            return reason.toString();
        }
    }

    /**
     * Applies the policy to a header.
     *
     * @return the new header with the line that ends it, or empty when all of it may leave as it is
     * @throws TooManyHopsException when the mail is in a loop
     */
    public Optional<byte[]> apply(HeaderBlock header) throws TooManyHopsException {
        return apply(new Reading(header, Optional.empty()), "");
    }

    /**
     * The same for the header of a whole message. A mail that has no message id gets one, as RFC 6409, section 8.3, lets a
     * server do: James would give it one that names the machine, later, while it delivers. It gets none when a foreign
     * signature covers that there is none, or when values are not rewritten.
     *
     * @param account the account that submitted the mail
     * @return the new header with the line that ends it, or empty when all of it may leave as it is
     * @throws TooManyHopsException when the mail is in a loop
     */
    public Optional<byte[]> applyToMessage(HeaderBlock header, Optional<String> account) throws TooManyHopsException {
        Reading reading = new Reading(header, account);
        String id = reading.lacksMessageId()
                ? "Message-ID: <" + new BigInteger(128, RANDOM).toString(36) + '@' + publicName + ">"
                : "";
        return apply(reading, id);
    }

    private Optional<byte[]> apply(Reading reading, String more) throws TooManyHopsException {
        List<Outcome> outcomes = reading.decide();
        long hops = reading.countHops(outcomes);
        if (hops > MOST_HOPS) {
            throw new TooManyHopsException(hops);
        }
        if (more.isEmpty() && outcomes.stream().allMatch(outcome -> outcome.replacement == HeaderBlock.KEEP)) {
            return Optional.empty();
        }
        List<byte[]> replacements = new ArrayList<>(outcomes.size());
        outcomes.forEach(outcome -> replacements.add(outcome.replacement));
        return Optional.of(reading.header.with(replacements, more));
    }

    /** What becomes of each field, and by which rule; also of a mail that does not leave since it is in a loop. */
    List<Outcome> examine(HeaderBlock header) {
        Reading reading = new Reading(header, Optional.empty());
        List<Outcome> outcomes = reading.decide();
        reading.countHops(outcomes);
        return outcomes;
    }

    /** What is asked once for all fields of one name; a header may have hundreds of thousands. */
    private final class Named {
        private final String text;
        private final Decision<HeaderVerdict> decision;
        /** Neither an RFC nor a rule names it. */
        private final boolean unknown;

        private final Outcome stays;
        private int seen;

        /** @param text the name in lower case */
        private Named(String text) {
            this.text = text;
            this.decision = policy.decide(text);
            this.unknown = !StandardFields.contain(text) && !policy.names(text);
            this.stays = new Outcome(HeaderBlock.KEEP, decision.rule());
        }
    }

    /** One header, and what is asked about it once for all of its fields. */
    private final class Reading {
        private final HeaderBlock header;
        private final InnerNames names = new InnerNames(ours, publicName, innerDomains, machine);
        private final boolean rewritesValues = policy.rewriteValues().verdict();
        private final boolean removesHops = policy.decide(RECEIVED).verdict() == HeaderVerdict.STRIP;
        /** Null where signatures save nothing. */
        private final ForeignSignatures signatures;

        private final AccountNames accountNames;

        private Reading(HeaderBlock header, Optional<String> account) {
            this.header = header;
            this.accountNames = new AccountNames(header, names, accounts, account);
            this.signatures = policy.keepSigned().verdict() ? ForeignSignatures.of(header, names::isOurDomain) : null;
        }

        private List<Outcome> decide() {
            List<HeaderField> fields = header.fields();
            ReceivedRewriter received = new ReceivedRewriter(names, publicName);
            ValueRewriter values = new ValueRewriter(names, received, ids, publicName);
            ArcSets arc = rewritesValues ? ArcSets.of(header, names, values) : null;
            Map<String, Named> named = new HashMap<>();
            Outcome[] outcomes = new Outcome[fields.size()];
            // From the bottom, since that is how signatures count.
            for (int i = fields.size() - 1; i >= 0; i--) {
                HeaderField field = fields.get(i);
                if (!field.isField() || (removesHops && field.isNamed(HOPS))) {
                    outcomes[i] = UNASKED;
                    continue;
                }
                Named name = named.computeIfAbsent(field.name().toLowerCase(Locale.ROOT), Named::new);
                name.seen++;
                boolean signed = signatures != null && signatures.cover(i, name.text, name.seen);
                if (arc != null && arc.removes(i)) {
                    outcomes[i] = new Outcome(null, policy.rewriteValues().rule());
                } else if (signed) {
                    // Also where nothing would have become of it: anyone who asks wants to know what protects it.
                    outcomes[i] =
                            new Outcome(HeaderBlock.KEEP, policy.keepSigned().rule());
                } else {
                    outcomes[i] = decide(field, name, received, values);
                }
            }
            return Arrays.asList(outcomes);
        }

        private Outcome decide(HeaderField field, Named name, ReceivedRewriter received, ValueRewriter values) {
            HeaderVerdict verdict = name.decision.verdict();
            if (verdict != HeaderVerdict.KEEP) {
                byte[] replacement = verdict == HeaderVerdict.STRIP ? null : received.rewrite(field);
                return new Outcome(replacement, name.decision.rule());
            }
            if (rewritesValues && name.unknown && tells(field.rawValue())) {
                return new Outcome(null, policy.rewriteValues().rule());
            }
            byte[] rewritten = rewritesValues ? values.rewrite(field, name.text) : HeaderBlock.KEEP;
            return rewritten == HeaderBlock.KEEP
                    ? name.stays
                    : new Outcome(rewritten, policy.rewriteValues().rule());
        }

        private boolean tells(String value) {
            return names.tellsOfTheInside(value) || accountNames.standIn(value);
        }

        /**
         * Puts the number of all removed hops where the first of them stood.
         *
         * @param outcomes what was decided, with trace fields removed
         * @return how many hops the mail has gone whose traces are removed, here and before; 0 where none is removed here
         */
        private long countHops(List<Outcome> outcomes) {
            List<HeaderField> fields = header.fields();
            int place = -1;
            long hops = 0;
            for (int i = fields.size() - 1; removesHops && i >= 0; i--) {
                if (fields.get(i).isNamed(RECEIVED) && outcomes.get(i).replacement == null) {
                    place = i;
                    hops++;
                }
            }
            if (place < 0) {
                return 0;
            }
            for (int i = 0; i < fields.size(); i++) {
                if (fields.get(i).isNamed(HOPS)) {
                    hops += number(fields.get(i).value());
                    outcomes.set(i, new Outcome(null, outcomes.get(place).reason));
                }
            }
            String count = HOPS + ": " + hops + fields.get(place).lineEnd();
            outcomes.set(place, new Outcome(count.getBytes(StandardCharsets.US_ASCII), outcomes.get(place).reason));
            return hops;
        }

        private boolean lacksMessageId() {
            return rewritesValues
                    && header.fields().stream().noneMatch(field -> field.isNamed("Message-ID"))
                    && !(signatures != null && signatures.cover(0, "message-id", 1));
        }
    }

    /** Whether this is the header of a report that this server has written and nobody has received yet (RFC 3464). */
    public boolean isOwnReport(HeaderBlock header) {
        return policy.rewriteValues().verdict() && OwnReport.isOne(header);
    }

    /**
     * Takes the inside out of such a report's body, the header of the mail that it quotes included. Its own header stays,
     * but for the boundary.
     *
     * @throws IOException when a part of it can't be read
     */
    public byte[] applyToReport(byte[] message) throws IOException {
        return report().rewrite(message);
    }

    /** Whether a message with this header may be a disposition notification, whose body tells ({@link #applyToNotification}). */
    public boolean mayBeNotification(HeaderBlock header) {
        return policy.rewriteValues().verdict()
                && OwnReport.isReport(header)
                && (!policy.keepSigned().verdict() || header.fields().stream().noneMatch(ForeignSignatures::isOne));
    }

    /**
     * Takes the inside out of the parts of a disposition notification (RFC 8098) that are written by a program: its fields, and
     * the header of the mail that it is about. The text for people and the message's own header stay.
     *
     * @param message a message that {@link org.rempart.message.DispositionNotification} knows as one
     * @throws IOException when a part of it can't be read
     */
    public byte[] applyToNotification(byte[] message) throws IOException {
        return report().rewriteNotification(message);
    }

    private OwnReport report() {
        InnerNames names = new InnerNames(ours, publicName, innerDomains, machine);
        ValueRewriter values = new ValueRewriter(names, new ReceivedRewriter(names, publicName), ids, publicName);
        return new OwnReport(names, values, this::quoted, publicName);
    }

    /** What a report may quote of a header: nothing of one that went round and round. */
    private byte[] quoted(byte[] header) {
        try {
            return apply(HeaderBlock.parse(header)).orElse(header);
        } catch (TooManyHopsException loop) {
            return new byte[] {'\r', '\n'};
        }
    }

    private static long number(String text) {
        return NUMBER.matcher(text).matches() ? Long.parseLong(text) : 0;
    }
}
