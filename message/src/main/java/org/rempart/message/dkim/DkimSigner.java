/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimPolicy.Sign;

/**
 * Signs messages (RFC 6376), {@code relaxed} in header and body, with SHA-256.
 *
 * <p>Which fields are covered: all of those that say what the message is, once more than they are there, so that nobody adds
 * one behind the signature (section 8.15); and where they are there, those that lists and their users rely on, which a
 * list may well add.
 */
public final class DkimSigner {
    /** Covered, and nobody can add one. */
    static final List<String> SEALED = List.of(
            "From",
            "To",
            "Cc",
            "Reply-To",
            "Subject",
            "Date",
            "Message-ID",
            "In-Reply-To",
            "References",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding");

    /** Covered as they are. */
    static final List<String> COVERED = List.of(
            "Sender",
            "Content-Disposition",
            "Content-Language",
            "Auto-Submitted",
            "List-Id",
            "List-Unsubscribe",
            "List-Unsubscribe-Post");

    private static final int LINE = 72;

    /** A rule, and the key that it names. */
    public static final class Signature {
        private final Sign rule;
        private final DkimKey key;

        public Signature(Sign rule, DkimKey key) {
            this.rule = rule;
            this.key = key;
        }
    }

    private DkimSigner() {}

    /**
     * The header with a signature on top for each key; all else in it is the same bytes.
     *
     * @param body of the message, as it lies there
     * @throws IOException when the body can't be read
     * @throws GeneralSecurityException when a signature can't be made
     */
    public static byte[] sign(HeaderBlock header, InputStream body, List<Signature> signatures, Instant now)
            throws IOException, GeneralSecurityException {
        String bodyHash =
                Base64.getEncoder().encodeToString(BodyHash.of(body, Canonicalisation.RELAXED, Long.MAX_VALUE).hash);
        List<String> names = new ArrayList<>();
        StringBuilder covered = new StringBuilder();
        SEALED.forEach(name -> cover(header, name, true, names, covered));
        COVERED.forEach(name -> cover(header, name, false, names, covered));
        StringBuilder fields = new StringBuilder();
        for (Signature signature : signatures) {
            fields.append(field(signature, names, covered, bodyHash, now));
        }
        return header.prepend(fields.toString());
    }

    /**
     * The header with a set of ours on top that seals what was found of the message, and the chain that it has (RFC 8617,
     * section 5.1). The chain must have been found to hold.
     *
     * @param results what was found, as in a field Authentication-Results, with our name before it
     * @throws IOException when the body can't be read
     * @throws GeneralSecurityException when a signature can't be made
     */
    public static byte[] seal(HeaderBlock header, InputStream body, Signature signature, String results, Instant now)
            throws IOException, GeneralSecurityException {
        ArcChain chain = ArcChain.of(header);
        int instance = chain.length() + 1;
        String tags = "a=" + signature.key.kind().algorithm() + "; d=" + signature.rule.domain() + "; s="
                + signature.rule.selector() + "; t=" + now.getEpochSecond();
        List<String> names = new ArrayList<>();
        StringBuilder covered = new StringBuilder();
        SEALED.forEach(name -> cover(header, name, true, names, covered));
        COVERED.forEach(name -> cover(header, name, false, names, covered));
        cover(header, "DKIM-Signature", false, names, covered);
        String bodyHash =
                Base64.getEncoder().encodeToString(BodyHash.of(body, Canonicalisation.RELAXED, Long.MAX_VALUE).hash);
        String found = field(ArcChain.RESULTS, " i=" + instance + "; " + results.replace("; ", ";\r\n\t"));
        String message = signed(
                ArcChain.SIGNATURE,
                " i=" + instance + "; " + tags + ";\r\n\tc=relaxed/relaxed; h=" + folded(names) + ";\r\n\tbh="
                        + bodyHash + ";\r\n\tb=",
                covered,
                signature);
        String cv = chain.length() == 0 ? "none" : "pass";
        String before = chain.textBefore() + relaxed(ArcChain.RESULTS, found) + relaxed(ArcChain.SIGNATURE, message);
        String seal =
                signed(ArcChain.SEAL, " i=" + instance + "; cv=" + cv + "; " + tags + ";\r\n\tb=", before, signature);
        return header.prepend(seal + message + found);
    }

    private static String field(String name, String value) {
        return name + ":" + value + "\r\n";
    }

    private static String relaxed(String name, String field) {
        return Canonicalisation.RELAXED.field(name, name, field.substring(name.length() + 1), true);
    }

    /** A field whose value ends with an empty tag b, signed behind a text. */
    private static String signed(String name, String unsigned, CharSequence before, Signature signature)
            throws GeneralSecurityException {
        String text = before + Canonicalisation.RELAXED.field(name, name, unsigned, false);
        byte[] made = signature.key.sign(Canonicalisation.bytes(text));
        return field(name, unsigned + folded(Base64.getEncoder().encodeToString(made)));
    }

    /** Those of a name from the last one on (RFC 6376, section 5.4.2). */
    private static void cover(
            HeaderBlock header, String name, boolean sealed, List<String> names, StringBuilder covered) {
        List<HeaderField> fields = header.fields();
        for (int i = fields.size() - 1; i >= 0; i--) {
            if (fields.get(i).isNamed(name)) {
                names.add(name);
                covered.append(Canonicalisation.RELAXED.field(fields.get(i), true));
            }
        }
        if (sealed) {
            names.add(name);
        }
    }

    private static String field(
            Signature signature, List<String> names, CharSequence covered, String bodyHash, Instant now)
            throws GeneralSecurityException {
        Sign rule = signature.rule;
        String unsigned =
                " v=1; a=" + signature.key.kind().algorithm() + "; c=relaxed/relaxed; d=" + rule.domain() + ";\r\n"
                        + "\ts=" + rule.selector() + "; t=" + now.getEpochSecond() + ";\r\n"
                        + "\th=" + folded(names) + ";\r\n"
                        + "\tbh=" + bodyHash + ";\r\n"
                        + "\tb=";
        return signed("DKIM-Signature", unsigned, covered, signature);
    }

    private static String folded(List<String> names) {
        StringBuilder list = new StringBuilder();
        int line = 0;
        for (String name : names) {
            if (list.length() > 0) {
                list.append(':');
                line++;
                if (line + name.length() > LINE) {
                    list.append("\r\n\t ");
                    line = 1;
                }
            }
            list.append(name);
            line += name.length();
        }
        return list.toString();
    }

    private static String folded(String base64) {
        StringBuilder lines = new StringBuilder();
        for (int start = 0; start < base64.length(); start += LINE) {
            lines.append(start == 0 ? "" : "\r\n\t ").append(base64, start, Math.min(start + LINE, base64.length()));
        }
        return lines.toString();
    }
}
