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
import org.apache.james.core.Domain;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.Decision;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderVerdict;

/**
 * Takes out of a header what must not leave. All that stays is the same bytes in the same order. Where the policy has
 * values rewritten, the fields that stay lose what they say of the inside ({@link ValueRewriter}); an ARC set of ours that
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

    private final HeaderPolicy policy;
    private final Predicate<Domain> ours;
    private final String publicName;
    private final MessageIds ids;
    private final List<String> innerDomains;

    /**
     * A firewall.
     *
     * @param policy what leaves and what does not
     * @param ours whether a domain is one that we receive mail for
     * @param publicName the host name that stands for ours in what is rewritten
     * @param ids the form of our message ids outside
     * @param machine the names of this machine, inner ones beside those of the policy
     */
    public HeaderFirewall(
            HeaderPolicy policy,
            Predicate<Domain> ours,
            String publicName,
            MessageIds ids,
            Collection<String> machine) {
        this.policy = policy;
        this.ours = ours;
        this.publicName = publicName;
        this.ids = ids;
        this.innerDomains = new ArrayList<>(policy.innerDomains());
        machine.forEach(name -> innerDomains.add(name.toLowerCase(Locale.ROOT)));
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

        final String reason;

        Outcome(byte[] replacement, String reason) {
            this.replacement = replacement;
            this.reason = reason;
        }
    }

    /**
     * Applies the policy to a header.
     *
     * @return the new header with the line that ends it, or empty when all of it may leave as it is
     * @throws TooManyHopsException when the mail is in a loop
     */
    public Optional<byte[]> apply(HeaderBlock header) throws TooManyHopsException {
        byte[][] replacements = new byte[header.fields().size()][];
        long hops = decide(header, replacements, null);
        if (hops > MOST_HOPS) {
            throw new TooManyHopsException(hops);
        }
        for (byte[] replacement : replacements) {
            if (replacement != HeaderBlock.KEEP) {
                return Optional.of(header.with(Arrays.asList(replacements)));
            }
        }
        return Optional.empty();
    }

    /** What becomes of each field, and by which rule; also of a mail that does not leave since it is in a loop. */
    List<Outcome> examine(HeaderBlock header) {
        byte[][] replacements = new byte[header.fields().size()][];
        String[] reasons = new String[replacements.length];
        decide(header, replacements, reasons);
        List<Outcome> outcomes = new ArrayList<>(replacements.length);
        for (int i = 0; i < replacements.length; i++) {
            outcomes.add(new Outcome(replacements[i], reasons[i] == null ? "" : reasons[i]));
        }
        return outcomes;
    }

    /**
     * Decides about each field.
     *
     * @param replacements gets what {@link HeaderBlock#with} takes
     * @param reasons gets the rules; null when nobody asks for them
     * @return how many hops the mail has gone whose traces are removed, here and before; 0 where none is removed here
     */
    private long decide(HeaderBlock header, byte[][] replacements, String[] reasons) {
        List<HeaderField> fields = header.fields();
        InnerNames names = new InnerNames(ours, publicName, innerDomains);
        ReceivedRewriter received = new ReceivedRewriter(names, publicName);
        ValueRewriter values = new ValueRewriter(names, received, ids, publicName);
        boolean rewritesValues = policy.rewriteValues().verdict();
        ForeignSignatures signatures =
                policy.keepSigned().verdict() ? ForeignSignatures.of(header, names::isOurDomain) : null;
        ArcSets arc = rewritesValues ? ArcSets.of(header, names, values) : null;
        boolean countsHops = policy.decide(RECEIVED).verdict() == HeaderVerdict.STRIP;
        Map<String, Integer> seen = new HashMap<>();
        long hops = 0;
        // From the bottom, since that is how signatures count.
        for (int i = fields.size() - 1; i >= 0; i--) {
            HeaderField field = fields.get(i);
            byte[] replacement = HeaderBlock.KEEP;
            Object reason = "";
            if (field.isField() && !(countsHops && field.isNamed(HOPS))) {
                String name = field.name().toLowerCase(Locale.ROOT);
                Decision<HeaderVerdict> decision = policy.decide(name);
                HeaderVerdict verdict = decision.verdict();
                boolean signed = signatures != null && signatures.cover(i, name, seen.merge(name, 1, Integer::sum));
                reason = decision.rule();
                if (arc != null && arc.removes(i)) {
                    replacement = null;
                    reason = policy.rewriteValues().rule();
                } else if (signed) {
                    // Also where nothing would have become of it: whoever asks wants to know what protects it.
                    reason = policy.keepSigned().rule();
                } else if (verdict != HeaderVerdict.KEEP) {
                    replacement = replacement(field, verdict, received);
                    hops += replacement == null && field.isNamed(RECEIVED) ? 1 : 0;
                } else if (rewritesValues) {
                    replacement = values.rewrite(field, name);
                    reason = replacement == HeaderBlock.KEEP
                            ? reason
                            : policy.rewriteValues().rule();
                }
            }
            replacements[i] = replacement;
            if (reasons != null) {
                reasons[i] = reason.toString();
            }
        }
        return hops > 0 ? countHops(fields, replacements, hops) : 0;
    }

    /**
     * Gives a message id to a mail that has none, as RFC 6409, section 8.3, lets a server do: James would give it one that
     * names the machine, later, while it delivers.
     *
     * @return the new header, or empty when it has one, when a foreign signature covers that there is none, or when values
     *     are not rewritten
     */
    public Optional<byte[]> withMessageId(HeaderBlock header) {
        if (!policy.rewriteValues().verdict()
                || header.fields().stream().anyMatch(field -> field.isNamed("Message-ID"))) {
            return Optional.empty();
        }
        InnerNames names = new InnerNames(ours, publicName, innerDomains);
        if (policy.keepSigned().verdict()
                && ForeignSignatures.of(header, names::isOurDomain).cover(0, "message-id", 1)) {
            return Optional.empty();
        }
        String id = new BigInteger(128, RANDOM).toString(36) + '@' + publicName;
        return Optional.of(header.append("Message-ID: <" + id + ">"));
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
        return new OwnReport(new InnerNames(ours, publicName, innerDomains), this::quoted, publicName).rewrite(message);
    }

    /** What a report may quote of a header: nothing of one that went round and round. */
    private byte[] quoted(byte[] header) {
        try {
            return apply(HeaderBlock.parse(header)).orElse(header);
        } catch (TooManyHopsException loop) {
            return new byte[] {'\r', '\n'};
        }
    }

    private static byte[] replacement(HeaderField field, HeaderVerdict verdict, ReceivedRewriter received) {
        switch (verdict) {
            case KEEP:
                return HeaderBlock.KEEP;
            case STRIP:
                return null;
            case REWRITE:
                return received.rewrite(field);
        }
        throw new AssertionError(verdict);
    }

    /** Puts the number of all removed hops where the first of them stood. */
    private static long countHops(List<HeaderField> fields, byte[][] replacements, long removed) {
        long hops = removed;
        int place = -1;
        for (int i = fields.size() - 1; i >= 0; i--) {
            HeaderField field = fields.get(i);
            if (field.isNamed(HOPS)) {
                hops += number(field.value());
                replacements[i] = null;
            } else if (field.isNamed(RECEIVED) && replacements[i] == null) {
                place = i;
            }
        }
        String count = HOPS + ": " + hops + fields.get(place).lineEnd();
        replacements[place] = count.getBytes(StandardCharsets.US_ASCII);
        return hops;
    }

    private static long number(String text) {
        return NUMBER.matcher(text).matches() ? Long.parseLong(text) : 0;
    }
}
