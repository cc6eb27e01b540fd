/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.util.List;
import java.util.Locale;

/**
 * A server's reply (RFC 5321, section 4.2).
 *
 * @param code the three digits
 * @param lines the text of each line, without the code
 */
public record SmtpReply(int code, List<String> lines) {
    public SmtpReply {
        lines = List.copyOf(lines);
    }

    /** Whether the server did what was asked (2xx). */
    public boolean positive() {
        return code / 100 == 2;
    }

    /** Whether the server refused for good (5xx). */
    public boolean refused() {
        return code / 100 == 5;
    }

    /** Whether an EHLO reply announces an extension, by its keyword in any case. */
    public boolean announces(String keyword) {
        String wanted = keyword.toUpperCase(Locale.ROOT);
        return lines.stream()
                .skip(1)
                .map(line -> line.toUpperCase(Locale.ROOT))
                .anyMatch(line -> line.equals(wanted) || line.startsWith(wanted + " "));
    }

    /** The code and the text of all lines in one. */
    @Override
    public String toString() {
        return code + " " + String.join(" / ", lines);
    }
}
