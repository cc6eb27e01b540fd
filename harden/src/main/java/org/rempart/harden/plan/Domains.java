/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Optional;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlEditor;

/** domainlist.xml: what James finds out about its machine is no domain of ours. */
final class Domains {
    private static final String NAME = "domainlist.xml";

    private Domains() {}

    static Optional<Draft> draft(Configuration configuration) throws UnreadableException {
        Optional<XmlDocument> document = configuration.xml(NAME);
        if (document.isEmpty()) {
            return Optional.empty();
        }
        Draft draft = Draft.of(document.get().source());
        Settings settings = new Settings(
                new XmlEditor(document.get(), draft), document.get().root());
        settings.require("autodetect", "false", "James adds the name of its machine to your domains");
        settings.require("autodetectIP", "false", "James adds the addresses of its machine to your domains");
        settings.write();
        return Optional.of(draft);
    }
}
