/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.Opener;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.shared.StoreReport;

/** The store that the servers of a cluster share. */
final class SharedStoreCheck implements Check {
    @Override
    public String name() {
        return "shared";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, IOException {
        Optional<SharedPolicy> policy;
        try {
            policy = PolicyFile.read(patient.home().conf("rempart.xml")).shared();
        } catch (PolicyException told) {
            return List.of(Finding.warning("conf/rempart.xml can't be read", "see configuration"));
        }
        if (policy.isEmpty()) {
            return List.of(Finding.ok("this server is alone: conf/rempart.xml names no store"));
        }
        StoreReport report = StoreReport.of(policy.get(), files(patient.home()));
        if (report.away().isPresent()) {
            return List.of(Finding.fault(
                    "the shared store is away (" + report.away().get() + "): accounts can't send",
                    "start it, or correct " + policy.get().rule()));
        }
        return report.oddities().isEmpty()
                ? List.of(Finding.ok("the shared store is there"))
                : report.oddities().stream()
                        .map(oddity -> Finding.warning("the shared store: " + oddity, ""))
                        .toList();
    }

    /** As James finds files, without James. */
    static Opener files(Home home) {
        return url -> Files.newInputStream(file(home, url));
    }

    /** {@code file://conf/…} is in the home, {@code file:///etc/…} is not. */
    static Path file(Home home, String url) {
        return home.folder().resolve(url.replaceFirst("^file://", ""));
    }
}
