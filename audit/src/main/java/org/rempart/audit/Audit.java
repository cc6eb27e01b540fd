/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.util.List;
import java.util.function.Consumer;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.BudgetSpentException;
import org.rempart.audit.net.Printable;
import org.rempart.audit.net.RateLimitedException;

/** Runs probes one after the other, so that each check of theirs ends with a verdict. */
public final class Audit {
    private final Catalogue catalogue;
    private final List<Probe> probes;

    public Audit(Catalogue catalogue, List<Probe> probes) {
        this.catalogue = catalogue;
        this.probes = List.copyOf(probes);
    }

    /**
     * Runs all.
     *
     * @param found is told each finding as it comes
     * @param begun is told the name of each probe before it runs
     */
    public List<Finding> run(Plan plan, Budget budget, Consumer<Finding> found, Consumer<String> begun) {
        Findings findings = new Findings(catalogue, found);
        for (Probe probe : probes) {
            begun.accept(probe.name());
            try {
                probe.run(plan, budget, findings);
            } catch (IOException e) {
                for (String check : probe.checks()) {
                    if (!findings.has(check)) {
                        findings.notTestable(check, plan.host(), reason(e));
                    }
                }
            }
        }
        for (Probe probe : probes) {
            for (String id : probe.checks()) {
                if (!findings.has(id)) {
                    String needs = catalogue.get(id).needs();
                    findings.add(
                            id,
                            plan.host(),
                            Verdict.NOT_ASKED,
                            needs.isEmpty() ? "nothing here that it applies to" : "needs " + needs,
                            List.of());
                }
            }
        }
        return findings.sorted();
    }

    /** Why something could not be tested, for its reader. */
    public static String reason(IOException e) {
        if (e instanceof RateLimitedException || e instanceof BudgetSpentException) {
            return e.getMessage();
        }
        if (e instanceof EOFException) {
            return "the server closed the connection";
        }
        if (e instanceof ConnectException) {
            return "no connection: " + e.getMessage();
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : Printable.line(message, 200);
    }
}
