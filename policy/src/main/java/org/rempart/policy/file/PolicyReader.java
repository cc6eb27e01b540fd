/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rempart.policy.PolicyException;
import org.rempart.policy.relay.RelayPolicy;

/** Reads the root of the policy file, and has each of its parts read. What is absent is as in the defaults. */
final class PolicyReader {
    private PolicyReader() {}

    static Policy read(XmlElement policy) throws PolicyException {
        Grammar.check(policy);
        List<String> warnings = new ArrayList<>();
        Policy defaults = Policy.defaults();

        NetworksReader networks = NetworksReader.read(policy.child("networks"), warnings);
        Optional<XmlElement> relay = policy.child("relay");
        Optional<XmlElement> submission = policy.child("submission");
        Optional<XmlElement> headers = policy.child("headers");
        Optional<XmlElement> subaddresses = policy.child("subaddresses");
        Optional<XmlElement> forwards = policy.child("forwards");
        Optional<XmlElement> dkim = policy.child("dkim");
        Optional<XmlElement> inbound = policy.child("inbound");
        Optional<XmlElement> filters = policy.child("filters");
        Optional<XmlElement> tls = policy.child("tls");
        Optional<XmlElement> audit = policy.child("audit");
        Optional<XmlElement> shared = policy.child("shared");
        Policy read = new Policy(
                networks.networks(),
                relay.isPresent() ? RelayReader.read(relay.get(), networks, warnings) : defaults.relay(),
                submission.isPresent() ? SubmissionReader.read(submission.get(), networks) : defaults.submission(),
                headers.isPresent() ? HeadersReader.read(headers.get(), warnings) : defaults.headers(),
                subaddresses.isPresent() ? SubaddressesReader.read(subaddresses.get()) : defaults.subaddresses(),
                forwards.isPresent() ? ForwardsReader.read(forwards.get()) : defaults.forwards(),
                dkim.isPresent() ? DkimReader.read(dkim.get()) : defaults.dkim(),
                inbound.isPresent() ? InboundReader.read(inbound.get(), networks) : defaults.inbound(),
                filters.isPresent() ? FiltersReader.read(filters.get(), networks) : defaults.filters(),
                tls.isPresent() ? TlsReader.read(tls.get(), networks, warnings) : defaults.tls(),
                audit.isPresent() ? AuditReader.read(audit.get()) : defaults.audit(),
                shared.isPresent() ? SharedReader.read(shared.get()) : null,
                List.of());
        refuseUnprovable(read);
        networks.remarkUnused(warnings);
        return read.withWarnings(warnings);
    }

    private static void refuseUnprovable(Policy policy) throws PolicyException {
        for (RelayPolicy.Allow rule : policy.relay().rules()) {
            if (rule.needsProof() && !policy.inbound().proof()) {
                throw new PolicyException(
                        rule.rule().location().orElseThrow(),
                        rule.rule().text()
                                + " asks for a proof that <inbound proof=\"off\"> keeps from being looked for",
                        "remove proof=\"off\" there, or proof=\"dmarc\" here");
            }
        }
    }
}
