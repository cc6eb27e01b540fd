/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;

/** What has to become of a configuration folder, a draft for each file that it is about. */
public final class Plan {
    private final List<Draft> drafts;

    private Plan(List<Draft> drafts) {
        this.drafts = Collections.unmodifiableList(drafts);
    }

    /**
     * Reads a configuration and drafts the edits.
     *
     * @param host the host's public name; if not given, the one that the configuration says, or else a placeholder
     * @throws UnreadableException when one of the files can't be read
     */
    public static Plan of(Configuration configuration, Optional<String> host) throws UnreadableException {
        Site site = Site.of(configuration, host);
        List<Draft> drafts = new ArrayList<>();
        drafts.add(Extensions.draft(configuration));
        drafts.add(PolicyFile.draft(configuration, site));
        drafts.add(SmtpListeners.draft(configuration, site));
        drafts.add(MailetContainer.draft(configuration, site));
        ImapListeners.draft(configuration).ifPresent(drafts::add);
        Domains.draft(configuration).ifPresent(drafts::add);
        TrailLog.draft(configuration).ifPresent(drafts::add);
        return new Plan(drafts);
    }

    public List<Draft> drafts() {
        return drafts;
    }
}
