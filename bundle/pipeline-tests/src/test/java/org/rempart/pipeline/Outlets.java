/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import org.apache.mailet.Mail;

/** Where mail ends: a mailbox, the queue of a remote delivery. They only note what arrived. */
final class Outlets {
    /** The mailboxes. */
    static final String LOCAL = "local";

    private final Map<String, List<SeenMail>> arrived = new TreeMap<>();

    void note(String outlet, Mail mail) throws MessagingException {
        arrived.computeIfAbsent(outlet, name -> new ArrayList<>()).add(SeenMail.of(mail));
    }

    List<SeenMail> at(String outlet) {
        return List.copyOf(arrived.getOrDefault(outlet, List.of()));
    }

    /** What went into the queue of any remote delivery. */
    List<SeenMail> remote() {
        return arrived.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(LOCAL))
                .flatMap(entry -> entry.getValue().stream())
                .collect(Collectors.toList());
    }
}
