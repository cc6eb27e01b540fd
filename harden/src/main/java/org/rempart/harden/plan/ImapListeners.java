/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Optional;
import java.util.Set;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/** imapserver.xml: nobody logs in over clear text. */
final class ImapListeners {
    private static final String NAME = "imapserver.xml";

    private ImapListeners() {}

    static Optional<Draft> draft(Configuration configuration) throws UnreadableException {
        Optional<XmlDocument> document = configuration.xml(NAME);
        if (document.isEmpty()) {
            return Optional.empty();
        }
        Draft draft = Draft.of(document.get().source());
        XmlEditor editor = new XmlEditor(document.get(), draft);
        for (XmlElement listener : document.get().root().all("imapserver")) {
            harden(editor, listener);
        }
        return Optional.of(draft);
    }

    private static void harden(XmlEditor editor, XmlElement listener) {
        Set<String> ports = ListenerTls.ports(listener);
        boolean socket = ports.contains("993")
                || listener.child("tls")
                        .filter(tls -> tls.attribute("socketTLS").equals("true"))
                        .isPresent();
        Settings settings = new Settings(editor, listener);
        ListenerTls.require(editor, listener, settings, socket && !ports.contains("143"));
        String reason = "passwords are taken in clear text";
        Optional<XmlElement> auth = listener.child("auth");
        if (auth.isEmpty()) {
            settings.add(
                    "<auth>\n  <requireSSL>true</requireSSL>\n  <plainAuthEnabled>true</plainAuthEnabled>\n</auth>\n",
                    "without <requireSSL>true: " + reason);
        } else {
            Settings logins = new Settings(editor, auth.get());
            logins.require("requireSSL", "true", reason);
            logins.write();
        }
        settings.require("plainAuthDisallowed", "true", reason);
        settings.write();
    }
}
