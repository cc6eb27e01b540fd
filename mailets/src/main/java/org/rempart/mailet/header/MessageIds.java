/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.apache.commons.codec.binary.Base32;
import org.cryptomator.siv.SivMode;
import org.cryptomator.siv.UnauthenticCiphertextException;

/**
 * Gives message ids (RFC 5322, section 3.6.4) that name an inner host another form for the outside, and finds the id again
 * when the outside answers to it:
 *
 * <pre>{@code
 * <20261124.4711@pc17.corp.example>  <->  <q3v5…7a@mail.example.com>
 * }</pre>
 *
 * The same id always gets the same form, so that threads hold outside; only anyone who has the key can tell what stands in it,
 * or make one up. It is the id, encrypted by AES-SIV (RFC 5297), in base32 since not everybody keeps the case of ids.
 */
public final class MessageIds {
    /** How long the key is, in bytes. */
    public static final int KEY_LENGTH = 32;

    /** Longer ids get a form that can't be undone, so that no line becomes longer than lines may be. */
    private static final int LONGEST = 400;

    private static final SivMode SIV = new SivMode();
    private static final Base32 BASE32 = new Base32();

    /** What an id without its angle brackets is a part of; an id where it holds an at sign. */
    private static final Pattern WORD = Pattern.compile("[^\\x00-\\x20<>(),;]++");

    private final SecretKey key;
    private final String host;

    /**
     * @param key {@value #KEY_LENGTH} secret bytes; all servers that a mail and its answers pass need the same
     * @param publicName the right side of the ids for the outside
     */
    public MessageIds(byte[] key, String publicName) {
        if (key.length != KEY_LENGTH) {
            throw new IllegalArgumentException("the key has " + key.length + " bytes, not " + KEY_LENGTH);
        }
        this.key = new SecretKeySpec(key, "AES");
        this.host = publicName.toLowerCase(Locale.ROOT);
    }

    /** The text with each id in it replaced by what the function makes of it; all else stays as it is. */
    static String replaceAll(String text, UnaryOperator<String> replacement) {
        return WORD.matcher(text)
                .replaceAll(word -> Matcher.quoteReplacement(
                        word.group().indexOf('@') < 0 ? word.group() : replacement.apply(word.group())));
    }

    /** The host that an id names, behind its last at sign. */
    static String host(String id) {
        return id.substring(id.lastIndexOf('@') + 1);
    }

    /** The form of an id for the outside. */
    String outer(String id) {
        byte[] plain = id.getBytes(StandardCharsets.ISO_8859_1);
        byte[] token = plain.length > LONGEST ? SIV.encrypt(key, new byte[0], plain) : SIV.encrypt(key, plain);
        return base32(token) + '@' + host;
    }

    /** The id whose form for the outside this is; empty when it is none, or one that was made with another key. */
    Optional<String> inner(String id) {
        int at = id.lastIndexOf('@');
        if (at < 0 || !id.substring(at + 1).equalsIgnoreCase(host)) {
            return Optional.empty();
        }
        String text = id.substring(0, at).toLowerCase(Locale.ROOT);
        byte[] token = BASE32.decode(text.toUpperCase(Locale.ROOT));
        if (!base32(token).equals(text)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new String(SIV.decrypt(key, token), StandardCharsets.ISO_8859_1))
                    .filter(inner -> !inner.isEmpty());
        } catch (UnauthenticCiphertextException | IllegalBlockSizeException none) {
            return Optional.empty();
        }
    }

    /** RFC 4648, section 6, in lower case and without padding. */
    private static String base32(byte[] bytes) {
        String padded = BASE32.encodeToString(bytes).toLowerCase(Locale.ROOT);
        int padding = padded.indexOf('=');
        return padding < 0 ? padded : padded.substring(0, padding);
    }
}
