/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;

/** rempart.xml: where it is, it is its owner's; else the one that says the safe defaults. */
final class PolicyFile {
    static final String NAME = "rempart.xml";

    private PolicyFile() {}

    static Draft draft(Configuration configuration, Site site) throws UnreadableException {
        Optional<SourceText> file = configuration.file(NAME);
        Draft draft;
        if (file.isPresent()) {
            XmlDocument.parse(file.get());
            draft = Draft.of(file.get());
            String text = file.get().text();
            for (int at = text.indexOf(Site.PLACEHOLDER); at >= 0; at = text.indexOf(Site.PLACEHOLDER, at + 1)) {
                if (site.isPlaceholder(Site.PLACEHOLDER)) {
                    draft.replace(
                            at,
                            at + Site.PLACEHOLDER.length(),
                            site.host(),
                            Site.PLACEHOLDER + " is not the name of this host");
                }
            }
        } else {
            String policy = new String(Pieces.bytes(NAME), StandardCharsets.UTF_8);
            draft = Draft.create(
                    NAME,
                    site.fill(policy).getBytes(StandardCharsets.UTF_8),
                    "who may relay, what an account may do, what leaves in headers and under which TLS is said in rempart.xml, "
                            + "which is not there: the safe defaults");
        }
        if (site.host().equals(Site.PLACEHOLDER)) {
            draft.note(
                    0,
                    "the public name of this host is not known: give it with --host NAME, or write it in the place of "
                            + Site.PLACEHOLDER + " in all files");
        }
        return draft;
    }
}
