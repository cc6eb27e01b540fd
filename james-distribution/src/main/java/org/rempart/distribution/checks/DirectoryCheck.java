/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.rempart.distribution.directory.DirectoryModule;
import org.rempart.distribution.home.FaultException;

/** Whether each server of the directory answers, is who it should be, and lets the accounts be searched. */
final class DirectoryCheck implements Check {
    @Override
    public String name() {
        return "directory";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, IOException {
        List<Finding> findings = new ArrayList<>();
        for (DirectoryModule.Probe probe : DirectoryModule.probe(patient.home())) {
            findings.add(probe.fault()
                    .map(
                            fault -> Finding.fault(
                                    probe.server() + ": " + fault,
                                    "see <directory> in conf/usersrepository.xml: server, trust, bindDn, bindPasswordFile, base"))
                    .orElseGet(() -> Finding.ok(probe.server() + " answers, and its certificate is trusted")));
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok("the accounts are kept in the database, or in James's own LDAP"));
        }
        return findings;
    }
}
