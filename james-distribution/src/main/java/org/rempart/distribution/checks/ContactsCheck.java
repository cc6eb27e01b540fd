/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.rempart.distribution.directory.DirectoryModule;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;

/**
 * Whether somebody gets the mail of those whom people, and the server itself, write to about its mail: the postmaster (RFC
 * 5321, section 4.5.1), and abuse of each domain (RFC 2142). Known only of a running server.
 */
final class ContactsCheck implements Check {
    private static final int MOST_DOMAINS = 50;

    @Override
    public String name() {
        return "contacts";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, IOException, InterruptedException {
        if (patient.process().isEmpty()) {
            return List.of(Finding.warning(
                    "postmaster and abuse are not looked at, since the server does not run", "bin/rempart start"));
        }
        Set<String> domains = words(patient, "/domains", "");
        domains.remove("localhost");
        Set<String> accounts = words(patient, "/users", "username");
        List<Finding> findings = new ArrayList<>();
        Optional<String> contact = DirectoryModule.contact(patient.home());
        if (contact.isPresent() && !accounts.contains(contact.get())) {
            findings.add(Finding.warning(
                    "nobody gets the mail for postmaster and abuse: there is no account " + contact.get(),
                    "write an account's own address as <contact> of conf/usersrepository.xml"));
        }
        boolean given = contact.isPresent();
        String postmaster = postmaster(patient);
        if (!domains.contains(postmaster.substring(postmaster.indexOf('@') + 1))) {
            findings.add(Finding.warning(
                    "the postmaster, " + postmaster + ", has no mailbox here: notices of held accounts leave for there",
                    "write postmaster@ and one of your domains as <postmaster> of conf/mailetcontainer.xml, unless"
                            + " another server has that mailbox"));
        } else if (!(given && postmaster.startsWith("postmaster@")) && !isReached(patient, accounts, postmaster)) {
            findings.add(Finding.warning(
                    "nobody gets the mail for " + postmaster + ", notices of held accounts among it",
                    "bin/rempart aliases add " + postmaster + " ACCOUNT"));
        }
        for (String domain : List.copyOf(domains).subList(0, Math.min(MOST_DOMAINS, domains.size()))) {
            String abuse = "abuse@" + domain;
            if (!given && !isReached(patient, accounts, abuse)) {
                findings.add(Finding.warning(
                        "mail for " + abuse + " is refused (RFC 2142)",
                        "bin/rempart aliases add " + abuse + " ACCOUNT"));
            }
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok("somebody gets the mail for " + postmaster + ", and for abuse of each domain"));
        }
        return findings;
    }

    private static String postmaster(Patient patient) throws FaultException {
        String written = ConfigurationXml.text(
                ConfigurationXml.read(patient.home(), patient.home().conf("mailetcontainer.xml"))
                        .getDocumentElement(),
                "postmaster");
        return (written.isEmpty() ? "postmaster" : written).toLowerCase(Locale.ROOT);
    }

    private static Set<String> words(Patient patient, String path, String field)
            throws IOException, InterruptedException {
        Set<String> words = new TreeSet<>();
        for (JsonNode entry : patient.administration().get(path)) {
            words.add((field.isEmpty() ? entry : entry.path(field)).asText().toLowerCase(Locale.ROOT));
        }
        return words;
    }

    /** By an account of that name, or by an alias, group or forward. */
    private static boolean isReached(Patient patient, Set<String> accounts, String address)
            throws IOException, InterruptedException {
        return accounts.contains(address)
                || !patient.administration()
                        .get("/mappings/user/" + URLEncoder.encode(address, StandardCharsets.UTF_8))
                        .isEmpty();
    }
}
