/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.util.ArrayList;
import java.util.List;

/** What {@code bin/rempart check-config} looks at. */
final class ConfigurationCheck implements Check {
    @Override
    public String name() {
        return "configuration";
    }

    @Override
    public List<Finding> look(Patient patient) {
        StartChecks checks = new StartChecks(patient.home(), patient.clock()).configuration();
        List<Finding> findings = new ArrayList<>();
        // Each of these says itself what would be right.
        checks.faults().forEach(fault -> findings.add(Finding.fault(fault, "")));
        checks.warnings().forEach(warning -> findings.add(Finding.warning(warning, "")));
        checks.exceptions().forEach(exception -> findings.add(Finding.ok("exception in force: " + exception)));
        if (checks.faults().isEmpty() && checks.warnings().isEmpty()) {
            findings.add(Finding.ok("the server can start with it"));
        }
        return findings;
    }
}
