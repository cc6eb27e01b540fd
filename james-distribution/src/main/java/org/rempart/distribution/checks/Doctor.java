/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.rempart.distribution.home.FaultException;

/** Looks at everything that a mail server needs, whether it runs or not, and says what to do. */
public final class Doctor {
    private final List<Check> checks;

    /** What a check has found. */
    public record Report(String check, Finding finding) {}

    Doctor(List<Check> checks) {
        this.checks = List.copyOf(checks);
    }

    /** A doctor with all checks. */
    public static Doctor complete() {
        return new Doctor(List.of(
                new JavaCheck(),
                new ClockCheck(),
                new ConfigurationCheck(),
                new FilesCheck(),
                new CertificateCheck(),
                new DiskCheck(),
                new DescriptorsCheck(),
                new ListenersCheck(),
                new PolicyCheck(),
                new DatabaseCheck(),
                new QueueCheck(),
                new DirectoryCheck(),
                new SharedStoreCheck(),
                new ContactsCheck(),
                new DnsCheck(),
                new MtaStsCheck()));
    }

    /** The names of the checks. */
    public List<String> names() {
        return checks.stream().map(Check::name).toList();
    }

    /** The same doctor without the checks of these names. */
    public Doctor without(Collection<String> names) {
        return new Doctor(
                checks.stream().filter(check -> !names.contains(check.name())).toList());
    }

    /** Makes all checks; one that fails is a finding itself, and keeps none of the others from being made. */
    public List<Report> examine(Patient patient) throws InterruptedException {
        List<Report> reports = new ArrayList<>();
        for (Check check : checks) {
            for (Finding finding : look(check, patient)) {
                reports.add(new Report(check.name(), finding));
            }
        }
        return reports;
    }

    private static List<Finding> look(Check check, Patient patient) throws InterruptedException {
        try {
            return check.look(patient);
        } catch (FaultException fault) {
            return List.of(Finding.fault(fault.getMessage(), ""));
        } catch (IOException | RuntimeException failure) {
            String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
            return List.of(Finding.fault("could not be looked at: " + reason, "look at it yourself"));
        }
    }
}
