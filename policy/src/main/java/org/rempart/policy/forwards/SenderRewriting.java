/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;

/**
 * The envelope sender of mail that is sent on, by the Sender Rewriting Scheme: SPF (RFC 7208) of the sender's domain does not
 * know our servers, so the mail leaves with a sender in a domain of ours, which holds the first one.
 *
 * <pre>{@code
 * carol@far.example                        <->  SRS0=HASH=DAY=far.example=carol@ours.example
 * SRS0=XX=YY=far.example=carol@one.example <->  SRS1=HASHDAY=one.example==XX=YY=far.example=carol@ours.example
 * }</pre>
 *
 * A sender that another server has rewritten already keeps what that one wrote, and bounces go to it. The hash is the first
 * {@value #HASH} characters, in base32, of an HMAC-SHA256 over the rest and the day, without regard to case, since not
 * everybody keeps that of a local part; the day is its number modulo 1024. So nobody but us makes such an address, and it is
 * good for some days only.
 */
public final class SenderRewriting {
    /** Where the key is, a {@link org.rempart.policy.KeyFile}. */
    public static final String KEY_URL = "file://var/forwards.key";

    /** What the key is called in messages. */
    public static final String KEY_NAME = "the key of rewritten senders";

    private static final String ALGORITHM = "HmacSHA256";
    private static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final int HASH = 8;
    private static final int DAYS = 1024;

    /** RFC 5321, section 4.5.3.1.3: a path has 256 octets, with its brackets. */
    private static final int LONGEST = 254;

    private static final Pattern OURS = Pattern.compile("(?i)SRS([01])=.*", Pattern.DOTALL);
    private static final Pattern REST0 =
            Pattern.compile("([A-Za-z2-7]{8})=([A-Za-z2-7]{2})=([^=]+)=(.+)", Pattern.DOTALL);
    private static final Pattern REST1 =
            Pattern.compile("([A-Za-z2-7]{8})([A-Za-z2-7]{2})=([^=]+)=([=+-].+)", Pattern.DOTALL);
    /** As others write them, who may take another character behind the tag. */
    private static final Pattern THEIRS0 = Pattern.compile("(?i)SRS0([=+-].+)", Pattern.DOTALL);

    private static final Pattern THEIRS1 = Pattern.compile("(?i)SRS1[=+-][^=]*=([^=]+)=([=+-].+)", Pattern.DOTALL);

    private final SecretKeySpec key;
    private final long mostDays;
    private final Clock clock;

    /**
     * A rewriting.
     *
     * @param key secret bytes; all servers that a forwarded mail and its bounces pass need the same
     * @param age how long an address is good, in whole days, 366 at most
     * @param clock tells the day
     */
    public SenderRewriting(byte[] key, Duration age, Clock clock) {
        this.key = new SecretKeySpec(key, ALGORITHM);
        this.mostDays = age.toDays();
        this.clock = Objects.requireNonNull(clock);
    }

    /** What an address in a domain of ours is. */
    public enum Kind {
        /** None of a rewritten sender. */
        OTHER,
        /** One that we made, for the address that it holds. */
        GOOD,
        /** One that we made too long ago. */
        EXPIRED,
        /** One that we have not made, or not like this. */
        FORGED
    }

    /** What an address is, and the address that it holds. */
    public static final class Found {
        private final Kind kind;
        private final MailAddress sender;

        private Found(Kind kind, MailAddress sender) {
            this.kind = kind;
            this.sender = sender;
        }

        public Kind kind() {
            return kind;
        }

        /** The sender that was rewritten; empty unless {@link #kind} is {@link Kind#GOOD}. */
        public Optional<MailAddress> sender() {
            return Optional.ofNullable(sender);
        }
    }

    /**
     * Whether a local part says that its address is one of a rewritten sender, here or elsewhere. Such ones are longer than
     * RFC 5321 lets local parts be (section 4.5.3.1.1).
     */
    public static boolean isRewritten(String localPart) {
        String content = content(localPart);
        return THEIRS0.matcher(content).matches() || THEIRS1.matcher(content).matches();
    }

    /**
     * Rewrites the sender of a mail that is sent on.
     *
     * @param domain a domain of ours
     * @return empty when it would be longer than addresses may be
     */
    public Optional<MailAddress> rewrite(MailAddress sender, String domain) {
        String local = content(sender.getLocalPart());
        String host = sender.getDomain().asString().toLowerCase(Locale.ROOT);
        // An address literal comes without its brackets.
        if (host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'))) {
            host = '[' + host + ']';
        }
        Matcher first = THEIRS0.matcher(local);
        Matcher later = THEIRS1.matcher(local);
        String rewritten;
        if (first.matches()) {
            rewritten = srs1(host, first.group(1));
        } else if (later.matches()) {
            rewritten = srs1(later.group(1), later.group(2));
        } else {
            String day = day(today());
            rewritten = "SRS0=" + hash('0', today(), host, local) + '=' + day + '=' + host + '=' + local;
        }
        boolean quoted = sender.getLocalPart().startsWith("\"") || rewritten.indexOf('[') >= 0;
        String whole = quoted ? '"' + rewritten + '"' : rewritten;
        return whole.length() + 1 + domain.length() > LONGEST ? Optional.empty() : address(whole, domain);
    }

    private String srs1(String host, String rest) {
        return "SRS1=" + hash('1', today(), host, rest) + day(today()) + '=' + host + '=' + rest;
    }

    /** What an address in a domain of ours is. */
    public Found read(MailAddress recipient) {
        String local = content(recipient.getLocalPart());
        Matcher form = OURS.matcher(local);
        if (!form.matches()) {
            return new Found(Kind.OTHER, null);
        }
        char kind = form.group(1).charAt(0);
        Matcher rest = (kind == '0' ? REST0 : REST1).matcher(local.substring("SRS0=".length()));
        if (!rest.matches()) {
            return new Found(Kind.FORGED, null);
        }
        long day = dayOf(rest.group(2));
        byte[] hash = hash(kind, day, rest.group(3), rest.group(4)).getBytes(StandardCharsets.US_ASCII);
        byte[] given = rest.group(1).toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
        if (!MessageDigest.isEqual(hash, given)) {
            return new Found(Kind.FORGED, null);
        }
        if (today() - day > mostDays) {
            return new Found(Kind.EXPIRED, null);
        }
        String sender = kind == '0' ? rest.group(4) : "SRS0" + rest.group(4);
        boolean quoted =
                recipient.getLocalPart().startsWith("\"") && !rest.group(3).startsWith("[");
        Optional<MailAddress> address = address(quoted ? '"' + sender + '"' : sender, rest.group(3));
        // A quoted local part beside an address literal: quoted for either, or for both.
        if (address.isEmpty()) {
            address = address('"' + sender + '"', rest.group(3));
        }
        return new Found(address.isPresent() ? Kind.GOOD : Kind.FORGED, address.orElse(null));
    }

    /** A local part without the quotes around it. */
    private static String content(String localPart) {
        return localPart.length() > 1 && localPart.startsWith("\"") && localPart.endsWith("\"")
                ? localPart.substring(1, localPart.length() - 1)
                : localPart;
    }

    private static Optional<MailAddress> address(String local, String domain) {
        try {
            return Optional.of(new MailAddress(local + '@' + domain));
        } catch (AddressException none) {
            return Optional.empty();
        }
    }

    private long today() {
        return Math.floorDiv(clock.millis(), Duration.ofDays(1).toMillis());
    }

    private static String day(long day) {
        int number = (int) (day % DAYS);
        return "" + BASE32.charAt(number >> 5) + BASE32.charAt(number & 31);
    }

    /** The last such day, at the latest tomorrow: the clocks of servers differ. */
    private long dayOf(String written) {
        String upper = written.toUpperCase(Locale.ROOT);
        int number = BASE32.indexOf(upper.charAt(0)) << 5 | BASE32.indexOf(upper.charAt(1));
        long tomorrow = today() + 1;
        return tomorrow - Math.floorMod(tomorrow - number, DAYS);
    }

    private String hash(char kind, long day, String host, String rest) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            String text =
                    kind + "\0" + day + '\0' + host.toLowerCase(Locale.ROOT) + '\0' + rest.toLowerCase(Locale.ROOT);
            byte[] code = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
            StringBuilder hash = new StringBuilder(HASH);
            long bits = 0;
            for (int i = 0; i < HASH * 5 / 8; i++) {
                bits = bits << 8 | (code[i] & 0xff);
            }
            for (int i = HASH - 1; i >= 0; i--) {
                hash.append(BASE32.charAt((int) (bits >> (5 * i)) & 31));
            }
            return hash.toString();
        } catch (GeneralSecurityException impossible) {
            // Every Java has HMAC-SHA256.
            throw new AssertionError(impossible);
        }
    }
}
