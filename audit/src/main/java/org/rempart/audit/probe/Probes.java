/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import org.rempart.audit.Probe;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.dns.DnsProbe;
import org.rempart.audit.dns.PolicyFetch;
import org.rempart.audit.net.Budget;

/** The probes of a live server, in the order in which they run: what may make the server wary comes last. */
public final class Probes {
    private Probes() {}

    /**
     * All of them.
     *
     * @param dns where names are looked up
     * @param policies where MTA-STS policies are fetched
     * @param clock for dates of certificates
     * @param wide makes of a budget one that allows many connections at the same time
     */
    public static List<Probe> live(Dns dns, PolicyFetch policies, Clock clock, Function<Budget, Budget> wide) {
        return List.of(
                new DnsProbe(dns, policies),
                new TlsProbe(),
                new CertificateProbe(clock),
                new StartTlsProbe(),
                new BannerProbe(),
                new IdentityProbe(),
                new HeaderProbe(),
                new CommandLinesProbe(),
                new SmugglingProbe(),
                new RelayProbe(),
                new AuthProbe(),
                new FailureProbe(),
                new LimitsProbe(wide));
    }
}
