/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/** Collects what is found, from several threads, and tells it on. */
public final class Findings {
    private final Catalogue catalogue;
    private final Consumer<Finding> listener;
    private final List<Finding> all = new ArrayList<>();

    /** Findings that are told to a listener as they come. */
    public Findings(Catalogue catalogue, Consumer<Finding> listener) {
        this.catalogue = catalogue;
        this.listener = listener;
    }

    public void add(String check, String subject, Verdict verdict, String summary, List<String> evidence) {
        Finding finding = new Finding(catalogue.get(check), subject, verdict, summary, evidence);
        synchronized (this) {
            all.add(finding);
            listener.accept(finding);
        }
    }

    public void pass(String check, String subject, String summary) {
        add(check, subject, Verdict.PASS, summary, List.of());
    }

    public void fail(String check, String subject, String summary, List<String> evidence) {
        add(check, subject, Verdict.FAIL, summary, evidence);
    }

    public void warn(String check, String subject, String summary, List<String> evidence) {
        add(check, subject, Verdict.WARN, summary, evidence);
    }

    public void notTestable(String check, String subject, String reason) {
        add(check, subject, Verdict.NOT_TESTABLE, reason, List.of());
    }

    /** Pass or fail, by what holds. */
    public void decide(String check, String subject, boolean right, String summary, List<String> evidence) {
        add(check, subject, right ? Verdict.PASS : Verdict.FAIL, summary, evidence);
    }

    /** Whether something was said of a check at this place. */
    public synchronized boolean has(String check, String subject) {
        return all.stream()
                .anyMatch(finding ->
                        finding.check().id().equals(check) && finding.subject().equals(subject));
    }

    public synchronized boolean has(String check) {
        return all.stream().anyMatch(finding -> finding.check().id().equals(check));
    }

    /** All so far, in the order of the catalogue and then of the places. */
    public synchronized List<Finding> sorted() {
        List<String> order = catalogue.all().stream().map(Check::id).toList();
        List<Finding> sorted = new ArrayList<>(all);
        sorted.sort(Comparator.<Finding>comparingInt(
                        finding -> order.indexOf(finding.check().id()))
                .thenComparing(Finding::subject));
        return sorted;
    }
}
