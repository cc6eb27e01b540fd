/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.util.List;
import org.rempart.audit.net.Printable;

/**
 * What came of a check at one place.
 *
 * @param check what was looked at
 * @param subject where: a listener, a domain, or a file with its line
 * @param verdict what came of it
 * @param summary one sentence: what was seen; for {@link Verdict#NOT_ASKED} what is needed
 * @param evidence lines of the conversation, or of a file
 */
public record Finding(Check check, String subject, Verdict verdict, String summary, List<String> evidence) {
    private static final int EVIDENCE_LINES = 40;
    private static final int LINE_LENGTH = 300;

    /** Makes all that a server may have said printable, and short. */
    public Finding {
        subject = Printable.line(subject, LINE_LENGTH);
        summary = Printable.line(summary, 2 * LINE_LENGTH);
        evidence = evidence.stream()
                .limit(EVIDENCE_LINES)
                .map(line -> Printable.line(line, LINE_LENGTH))
                .toList();
    }

    /** Says the same of the same place in another run; what was seen may differ. */
    public String key() {
        return check.id() + " @ " + subject;
    }
}
