/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import com.ibm.icu.text.IDNA;
import com.ibm.icu.text.SpoofChecker;
import java.util.Locale;
import java.util.Optional;

/**
 * Names of domains in one form for all that compare them: A-labels (RFC 5890) in lower case, by UTS 46 without its
 * transitional mappings, as IDNA2008 has them. So {@code faß.example} is not {@code fass.example}, and full-width letters,
 * characters without a glyph and ideographic full stops are what they look like.
 */
public final class DomainNames {
    /** The longest name that DNS knows (RFC 1035, section 2.3.4), as text. Longer ones are compared as they stand. */
    public static final int LONGEST = 253;

    private static final IDNA LENIENT =
            IDNA.getUTS46Instance(IDNA.NONTRANSITIONAL_TO_ASCII | IDNA.NONTRANSITIONAL_TO_UNICODE);
    private static final IDNA STRICT = IDNA.getUTS46Instance(IDNA.NONTRANSITIONAL_TO_ASCII
            | IDNA.NONTRANSITIONAL_TO_UNICODE
            | IDNA.USE_STD3_RULES
            | IDNA.CHECK_BIDI
            | IDNA.CHECK_CONTEXTJ);
    private static final SpoofChecker LOOKALIKES =
            new SpoofChecker.Builder().setChecks(SpoofChecker.CONFUSABLE).build();

    private DomainNames() {}

    /**
     * The name as it is compared, without the dot of an absolute name. What is no name, an address literal for one, stays
     * as it stands but for its case.
     */
    public static String comparable(String name) {
        String relative = withoutFinalDot(name);
        if (relative.length() > LONGEST || isPlain(relative)) {
            return relative.toLowerCase(Locale.ROOT);
        }
        StringBuilder ascii = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        LENIENT.nameToASCII(relative, ascii, info);
        // Names with an error are marked by a replacement character, or are none that DNS could hold.
        return info.hasErrors() && !isAscii(ascii)
                ? relative.toLowerCase(Locale.ROOT)
                : withoutFinalDot(ascii.toString());
    }

    /**
     * Reads a name that a person has written.
     *
     * @return the name as it is compared; empty when the text is no domain name (RFC 1035, section 2.3.1; RFC 5891)
     */
    public static Optional<String> parse(String text) {
        if (text.length() > 4 * LONGEST) {
            return Optional.empty();
        }
        StringBuilder ascii = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        STRICT.nameToASCII(withoutFinalDot(text), ascii, info);
        String name = ascii.toString();
        return info.hasErrors() || name.length() > LONGEST || !isDomainName(name)
                ? Optional.empty()
                : Optional.of(name);
    }

    /** The name in the letters of its language (U-labels, RFC 5890), where it has such. */
    public static String unicode(String name) {
        if (name.length() > LONGEST || !name.contains("xn--")) {
            return name;
        }
        StringBuilder unicode = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        LENIENT.nameToUnicode(name, unicode, info);
        return info.hasErrors() ? name : unicode.toString();
    }

    /**
     * The name that a reader may take this one for: each letter of another alphabet is the Latin one that it looks like
     * (UTS 39, section 4). Empty when that is the name itself, or none in ASCII.
     *
     * @param name as {@link #comparable} has it
     */
    public static Optional<String> lookalike(String name) {
        // As IDNA2003 had it, and older programs still do.
        String unicode = unicode(name).replace("ß", "ss");
        if (unicode.equals(name)) {
            return Optional.empty();
        }
        StringBuilder latin = new StringBuilder();
        unicode.codePoints().forEach(c -> {
            if (c < 128) {
                latin.append((char) c);
            } else {
                latin.append(LOOKALIKES.getSkeleton(new String(Character.toChars(c))));
            }
        });
        String seen = latin.toString().toLowerCase(Locale.ROOT);
        return isAscii(seen) && !seen.equals(name) ? Optional.of(seen) : Optional.empty();
    }

    /** What needs no mapping but that of case. */
    private static boolean isPlain(String name) {
        if (!isAscii(name)) {
            return false;
        }
        for (int i = 0; i + 4 <= name.length(); i++) {
            if (name.regionMatches(true, i, "xn--", 0, 4)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAscii(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 127) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDomainName(String ascii) {
        for (String label : ascii.split("\\.", -1)) {
            if (label.isEmpty() || label.length() > 63 || label.startsWith("-") || label.endsWith("-")) {
                return false;
            }
        }
        // A top-level domain is never a number (RFC 3696, section 2): this is an address.
        return !ascii.substring(ascii.lastIndexOf('.') + 1).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** {@code example.com.} is the same name, written absolutely (RFC 1034, section 3.1). */
    private static String withoutFinalDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
