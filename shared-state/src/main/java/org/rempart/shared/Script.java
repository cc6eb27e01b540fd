/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.ScriptOutputType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;

/**
 * A script in Lua that the store runs at one go: nothing else happens in it meanwhile.
 *
 * @param <T> what it answers
 */
// The type is for who runs it.
@SuppressWarnings("UnusedTypeParameter")
public final class Script<T> {
    private final String text;
    private final String digest;
    private final ScriptOutputType output;

    private Script(String text, ScriptOutputType output) {
        this.text = text;
        this.output = output;
        this.digest = digest(text);
    }

    /**
     * A script in files beside a class, which are read as one.
     *
     * @param output what form of answer is of the type {@code T}: {@link ScriptOutputType#INTEGER} is a Long,
     *     {@link ScriptOutputType#MULTI} a List
     */
    public static <T> Script<T> of(Class<?> owner, ScriptOutputType output, String... files) {
        StringBuilder text = new StringBuilder();
        for (String file : files) {
            try (InputStream in = Objects.requireNonNull(owner.getResourceAsStream(file), file)) {
                text.append(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .append('\n');
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return new Script<>(text.toString(), output);
    }

    /** The name that the store gives to a script that it has seen. */
    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            StringBuilder digits = new StringBuilder(2 * hash.length);
            for (byte part : hash) {
                digits.append(Character.forDigit(part >> 4 & 0xf, 16)).append(Character.forDigit(part & 0xf, 16));
            }
            return digits.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    String text() {
        return text;
    }

    String digest() {
        return digest;
    }

    ScriptOutputType output() {
        return output;
    }
}
