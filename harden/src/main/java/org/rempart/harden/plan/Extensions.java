/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;

/** extensions.properties: the check that the jar is the one for this James comes before all else of ours. */
final class Extensions {
    private static final String NAME = "extensions.properties";
    private static final String CHECK = "org.rempart.james.FlavourCheck";
    private static final String KEY = "guice.extension.module";
    private static final String REASON =
            "nothing looks whether the jar of Rempart is the one for this James, before it is used";
    private static final Pattern LINE = Pattern.compile(
            "(?m)^[ \\t\\f]*guice\\.extension\\.module[ \\t]*[=: \\t][ \\t]*((?:\\\\\\r?\\n|[^\\\\\\r\\n]|\\\\.)*)");

    private Extensions() {}

    static Draft draft(Configuration configuration) {
        String line = KEY + "=" + CHECK;
        Optional<SourceText> file = configuration.file(NAME);
        if (file.isEmpty()) {
            return Draft.create(NAME, (line + "\n").getBytes(StandardCharsets.US_ASCII), REASON);
        }
        SourceText source = file.get();
        Draft draft = Draft.of(source);
        Matcher set = LINE.matcher(source.text());
        if (!set.find()) {
            String text = source.text();
            String before = text.isEmpty() || text.endsWith("\n") ? "" : source.lineEnd();
            draft.replace(text.length(), text.length(), before + line + source.lineEnd(), REASON);
        } else if (!set.group(1).contains(CHECK)) {
            String others = set.group(1).isBlank() ? "" : ",";
            draft.replace(set.start(1), set.start(1), CHECK + others, REASON);
        }
        return draft;
    }
}
