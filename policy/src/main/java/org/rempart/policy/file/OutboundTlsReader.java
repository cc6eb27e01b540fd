/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.policy.PolicyException;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.PeerName;
import org.rempart.policy.tls.TlsLevel;

/** Reads what a {@code <to>} asks of a destination. */
final class OutboundTlsReader {
    private static final String FINGERPRINTS =
            "write fingerprints=\"sha256:…\", the digest of the certificate, or \"spki-sha256:…\", that of its key";

    private final XmlElement to;
    private final List<String> warnings;
    private final TlsLevel level;

    private OutboundTlsReader(XmlElement to, List<String> warnings) throws PolicyException {
        this.to = to;
        this.warnings = warnings;
        this.level = to.keyword(
                "level",
                to.required("level", "write level=\"encrypt\" for TLS, level=\"verify\" to check names too"),
                EnumSet.allOf(TlsLevel.class));
    }

    static OutboundTls read(XmlElement to, List<String> warnings) throws PolicyException {
        return new OutboundTlsReader(to, warnings).read();
    }

    private OutboundTls read() throws PolicyException {
        onlyWith("match", "secure", level == TlsLevel.SECURE);
        onlyWith("fingerprints", "fingerprint", level == TlsLevel.FINGERPRINT);
        onlyWith("trust", "verify or secure", level == TlsLevel.VERIFY || level == TlsLevel.SECURE);
        switch (level) {
            case VERIFY:
                return trust().map(OutboundTls::verify).orElseGet(() -> OutboundTls.of(level));
            case SECURE:
                return OutboundTls.secure(names(), trust());
            case FINGERPRINT:
                return OutboundTls.fingerprint(fingerprints());
            default:
                return OutboundTls.of(level);
        }
    }

    private void onlyWith(String attribute, String levels, boolean present) throws PolicyException {
        if (to.hasAttribute(attribute) && !present) {
            throw to.fault(
                    attribute + " says nothing at the level " + level.keyword(), "remove it, or write level " + levels);
        }
    }

    private Optional<String> trust() throws PolicyException {
        if (!to.hasAttribute("trust")) {
            return Optional.empty();
        }
        return Optional.of(to.required(
                "trust", "write the file with the trusted certificates, trust=\"conf/tls/partner-ca.pem\""));
    }

    private List<PeerName> names() throws PolicyException {
        List<PeerName> names = new ArrayList<>();
        if (to.hasAttribute("match")) {
            for (String written : to.list(to.attribute("match").orElse(""), "names")) {
                add(names, located(() -> PeerName.parse(written)), "match");
            }
        }
        return names;
    }

    private Set<Fingerprint> fingerprints() throws PolicyException {
        Set<Fingerprint> fingerprints = new LinkedHashSet<>();
        for (String written : to.list(to.required("fingerprints", FINGERPRINTS), "fingerprints")) {
            add(fingerprints, located(() -> Fingerprint.parse(written)), "fingerprints");
        }
        return fingerprints;
    }

    private <T> void add(Collection<T> all, T one, String attribute) {
        if (all.contains(one)) {
            warnings.add(to.remark(one + " stands twice in " + attribute));
        } else {
            all.add(one);
        }
    }

    @FunctionalInterface
    private interface Parsing<T> {
        T parse() throws PolicyException;
    }

    private <T> T located(Parsing<T> parsing) throws PolicyException {
        try {
            return parsing.parse();
        } catch (PolicyException fault) {
            throw to.fault(fault);
        }
    }
}
