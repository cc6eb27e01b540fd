/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.check;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.harden.plan.Configuration;
import org.rempart.harden.plan.Plan;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.Edit;
import org.rempart.harden.text.UnreadableException;

/** Looks at a configuration: what harden would change, what a person has to do, and what is open besides. */
public final class Check {
    private final Set<String> findings = new LinkedHashSet<>();

    private Check() {}

    /**
     * Looks at all files.
     *
     * @return a line each, {@code file:line: what is wrong; what would be right}; empty when all is well
     * @throws UnreadableException when a file can't be read
     */
    public static List<String> of(Configuration configuration, Optional<String> host) throws UnreadableException {
        Check check = new Check();
        for (Draft draft : Plan.of(configuration, host).drafts()) {
            String last = "";
            for (Edit edit : draft.edits()) {
                if (!edit.reason().equals(last)) {
                    check.findings.add(draft.name() + ":" + draft.before().line(edit.start()) + ": " + edit.reason()
                            + "; harden mends it");
                }
                last = edit.reason();
            }
            draft.notes().forEach(note -> check.findings.add(note.toString()));
        }
        check.findings.addAll(OpenDoors.of(configuration));
        return new ArrayList<>(check.findings);
    }
}
