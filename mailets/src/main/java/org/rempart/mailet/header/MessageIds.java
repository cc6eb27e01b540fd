/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Gives message ids (RFC 5322, section 3.6.4) that name an inner host another form for the outside, and finds the id again
 * when the outside answers to it:
 *
 * <pre>{@code
 * <20261124.4711@pc17.corp.example>  <->  <q3v5…7a@mail.example.com>
 * }</pre>
 *
 * The same id always gets the same form, so that threads hold outside; only whoever has the key can tell what stands in it,
 * or make one up. It is the id, encrypted under an initialisation vector that is its own authentication code (the
 * construction of RFC 5297, with HMAC-SHA-256 in the place of S2V, shortened), written in base32 since not everybody keeps
 * the case of ids.
 */
public final class MessageIds {
    /** How long the key is, in bytes. */
    public static final int KEY_LENGTH = 32;

    private static final int CODE_LENGTH = 12;
    private static final int BLOCK = 16;

    /** Longer ids get a form that can't be undone, so that no line becomes longer than lines may be. */
    private static final int LONGEST = 500;

    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /** What an id without its angle brackets is a part of; an id where it holds an at sign. */
    private static final Pattern WORD = Pattern.compile("[^\\x00-\\x20<>(),;]++");

    private final SecretKeySpec code;
    private final SecretKeySpec cipher;
    private final String host;

    /**
     * @param key {@value #KEY_LENGTH} secret bytes; all servers that a mail and its answers pass need the same
     * @param publicName the right side of the ids for the outside
     */
    public MessageIds(byte[] key, String publicName) {
        if (key.length != KEY_LENGTH) {
            throw new IllegalArgumentException("the key has " + key.length + " bytes, not " + KEY_LENGTH);
        }
        SecretKeySpec whole = new SecretKeySpec(key, "HmacSHA256");
        this.code = new SecretKeySpec(hmac(whole, "code".getBytes(StandardCharsets.US_ASCII)), "HmacSHA256");
        this.cipher = new SecretKeySpec(hmac(whole, "cipher".getBytes(StandardCharsets.US_ASCII)), 0, BLOCK, "AES");
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
        byte[] authentication = hmac(code, plain);
        if (plain.length > LONGEST) {
            return base32(authentication) + '@' + host;
        }
        byte[] token = Arrays.copyOf(authentication, CODE_LENGTH + plain.length);
        byte[] encrypted = crypt(Cipher.ENCRYPT_MODE, token, plain);
        System.arraycopy(encrypted, 0, token, CODE_LENGTH, plain.length);
        return base32(token) + '@' + host;
    }

    /** The id whose form for the outside this is; empty when it is none, or one that was made with another key. */
    Optional<String> inner(String id) {
        int at = id.lastIndexOf('@');
        if (at < 0 || !id.substring(at + 1).equalsIgnoreCase(host)) {
            return Optional.empty();
        }
        byte[] token = unBase32(id.substring(0, at).toLowerCase(Locale.ROOT));
        if (token == null || token.length <= CODE_LENGTH) {
            return Optional.empty();
        }
        byte[] plain = crypt(Cipher.DECRYPT_MODE, token, Arrays.copyOfRange(token, CODE_LENGTH, token.length));
        byte[] authentication = Arrays.copyOf(hmac(code, plain), CODE_LENGTH);
        return MessageDigest.isEqual(authentication, Arrays.copyOf(token, CODE_LENGTH))
                ? Optional.of(new String(plain, StandardCharsets.ISO_8859_1))
                : Optional.empty();
    }

    private byte[] crypt(int mode, byte[] token, byte[] text) {
        try {
            Cipher aes = Cipher.getInstance("AES/CTR/NoPadding");
            byte[] vector = Arrays.copyOf(Arrays.copyOf(token, CODE_LENGTH), BLOCK);
            aes.init(mode, cipher, new IvParameterSpec(vector));
            return aes.doFinal(text);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] hmac(SecretKeySpec key, byte[] text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(text);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** RFC 4648, section 6, in lower case and without padding. */
    private static String base32(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length * 8 / 5 + 1);
        int buffer = 0;
        int bits = 0;
        for (byte b : bytes) {
            buffer = (buffer << 8) | (b & 0xff);
            bits += 8;
            while (bits >= 5) {
                bits -= 5;
                text.append(ALPHABET.charAt((buffer >> bits) & 31));
            }
            buffer &= (1 << bits) - 1;
        }
        if (bits > 0) {
            text.append(ALPHABET.charAt((buffer << (5 - bits)) & 31));
        }
        return text.toString();
    }

    /** Null for what is not base32. */
    private static byte[] unBase32(String text) {
        byte[] bytes = new byte[(int) (text.length() * 5L / 8)];
        int length = 0;
        int buffer = 0;
        int bits = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = ALPHABET.indexOf(text.charAt(i));
            if (digit < 0) {
                return null;
            }
            buffer = (buffer << 5) | digit;
            bits += 5;
            if (bits >= 8) {
                bits -= 8;
                bytes[length++] = (byte) (buffer >> bits);
                buffer &= (1 << bits) - 1;
            }
        }
        return bytes;
    }
}
