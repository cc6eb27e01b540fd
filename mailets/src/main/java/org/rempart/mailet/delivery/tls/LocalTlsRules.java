/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.Decision;
import org.rempart.policy.Opener;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsPolicy;

/** The administrator's own rules: {@code <outbound>} of the policy. */
public final class LocalTlsRules implements TlsPolicySource {
    private final TlsPolicy policy;
    private final Map<String, TrustAnchors> anchors;

    private LocalTlsRules(TlsPolicy policy, Map<String, TrustAnchors> anchors) {
        this.policy = policy;
        this.anchors = Map.copyOf(anchors);
    }

    /**
     * The rules, with the files of trust anchors that they name.
     *
     * @param files how James finds files
     * @throws IOException when one of the files can't be read, with the rule and what would be right
     */
    public static LocalTlsRules read(TlsPolicy policy, FileSystem files) throws IOException {
        return read(policy, files::getResource);
    }

    /** The same without James, as {@link #read(TlsPolicy, FileSystem)}. */
    public static LocalTlsRules read(TlsPolicy policy, Opener files) throws IOException {
        Map<String, TrustAnchors> anchors = new HashMap<>();
        for (Decision<OutboundTls> rule : policy.outboundRules()) {
            Optional<String> trust = rule.verdict().trust();
            if (trust.isPresent() && !anchors.containsKey(trust.get())) {
                try {
                    anchors.put(trust.get(), TrustAnchors.read(trust.get(), files));
                } catch (IOException fault) {
                    throw new IOException(rule.rule() + ": " + fault.getMessage(), fault);
                }
            }
        }
        return new LocalTlsRules(policy, anchors);
    }

    @Override
    public String name() {
        return "policy";
    }

    /** What the rule says that names the domain. */
    @Override
    public Optional<Statement> find(Domain recipientDomain, String mxHost) {
        return policy.outboundNamed(recipientDomain)
                .map(rule -> Statement.enforced(requirement(rule, name(), recipientDomain)));
    }

    /** What holds for a domain of which nobody says anything. */
    TlsRequirement byDefault(Domain recipientDomain) {
        return requirement(policy.outboundDefault(), "default", recipientDomain);
    }

    /** JSSE names of the TLS versions that may be used. */
    List<String> protocols() {
        return policy.protocols();
    }

    private TlsRequirement requirement(Decision<OutboundTls> rule, String source, Domain recipientDomain) {
        return TlsRequirement.ofRule(
                rule.verdict(),
                rule.rule(),
                source,
                recipientDomain,
                policy.protocols(),
                rule.verdict().trust().map(anchors::get));
    }
}
