/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.rempart.audit.Check;
import org.rempart.audit.Result;
import org.rempart.audit.Verdict;

/** Which remedies a report shows in short: those of the server that named itself, or else the first two. */
final class Remedies {
    private static final Map<String, String> NAMES = new LinkedHashMap<>();

    static {
        NAMES.put("postfix", "Postfix");
        NAMES.put("exim", "Exim");
        NAMES.put("microsoft", "Exchange");
        NAMES.put("exchange", "Exchange");
        NAMES.put("stalwart", "Stalwart");
        NAMES.put("james", "Rempart/James");
        NAMES.put("rempart", "Rempart/James");
        NAMES.put("dovecot", "Dovecot");
    }

    private final List<String> products;

    private Remedies(List<String> products) {
        this.products = products;
    }

    /** For the servers that told what they are. */
    static Remedies of(Result result) {
        return new Remedies(result.findings().stream()
                .filter(finding -> finding.check().id().equals("leak.product") && finding.verdict() == Verdict.FAIL)
                .flatMap(finding -> finding.evidence().stream())
                .map(Remedies::product)
                .flatMap(Optional::stream)
                .distinct()
                .toList());
    }

    /** What a line of evidence ends with: the name that was found, in brackets. */
    private static Optional<String> product(String line) {
        String lower = line.toLowerCase(Locale.ROOT);
        return NAMES.entrySet().stream()
                .filter(name -> lower.endsWith("(" + name.getKey() + ")"))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** By product, what to paste for a check. */
    Map<String, String> inShort(Check check) {
        Map<String, String> shown = new LinkedHashMap<>();
        for (String product : products) {
            String fix = check.fixes().get(product);
            if (fix != null) {
                shown.put(product, fix);
            }
        }
        if (shown.isEmpty()) {
            check.fixes().entrySet().stream().limit(2).forEach(fix -> shown.put(fix.getKey(), fix.getValue()));
        }
        return shown;
    }
}
