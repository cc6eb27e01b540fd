/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.submission.Delegation;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.submission.IdentityPolicy;
import org.rempart.policy.submission.IdentityRequirement;
import org.rempart.policy.submission.Quantities;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.SpoofedHandling;
import org.rempart.policy.submission.SpoofedPolicy;
import org.rempart.policy.submission.SubmissionPolicy;
import org.rempart.policy.submission.UnusualUse;

/** Reads {@code <submission>}. */
final class SubmissionReader {
    private static final String BLOCK = "block/";

    private enum Counted {
        ACCOUNT
    }

    private SubmissionReader() {}

    /** Without {@code <identity>}, or one of its attributes, {@code own} applies; without a limit, none does. */
    static SubmissionPolicy read(XmlElement submission, NetworksReader networks) throws PolicyException {
        IdentityPolicy identity = Policy.defaults().submission().identity();
        Optional<XmlElement> written = submission.child("identity");
        if (written.isPresent()) {
            identity = identity(written.get());
        }
        List<RateLimit> rates = new ArrayList<>();
        for (XmlElement rate : submission.children("rate")) {
            rates.add(rate(rate));
        }
        List<FailureLimit> failures = new ArrayList<>();
        for (XmlElement failure : submission.children("failures")) {
            failures.add(failures(failure, networks));
        }
        List<UnusualUse> unusual = new ArrayList<>();
        for (XmlElement sign : submission.children("unusual")) {
            unusual.add(unusual(sign));
        }
        List<Delegation> delegations = new ArrayList<>();
        for (XmlElement delegate : submission.children("delegate")) {
            delegations.add(DelegationReader.read(delegate));
        }
        SpoofedPolicy spoofed = SpoofedPolicy.byDefault();
        Optional<XmlElement> claimed = submission.child("spoofed");
        if (claimed.isPresent()) {
            spoofed = spoofed(claimed.get(), networks);
        }
        return SubmissionPolicy.of(identity, rates, failures)
                .noticing(unusual)
                .with(delegations, spoofed)
                .with(heldMail(submission));
    }

    private static HeldMail heldMail(XmlElement submission) throws PolicyException {
        Optional<XmlElement> held = submission.child("held");
        if (held.isEmpty()) {
            return HeldMail.REFUSE;
        }
        return held.get()
                .keyword(
                        "mail",
                        held.get()
                                .required(
                                        "mail",
                                        "write mail=\"refuse\", or mail=\"keep\" to put aside what a held account sends"),
                        EnumSet.allOf(HeldMail.class));
    }

    private static SpoofedPolicy spoofed(XmlElement spoofed, NetworksReader networks) throws PolicyException {
        SpoofedHandling handling = spoofed.keyword("handling", spoofed.text(), EnumSet.allOf(SpoofedHandling.class));
        return SpoofedPolicy.of(
                Decision.of(handling, spoofed.rule()), networks.networks(), ExceptReader.read(spoofed, networks));
    }

    private static IdentityPolicy identity(XmlElement identity) throws PolicyException {
        return IdentityPolicy.of(requirement(identity, "envelope"), requirement(identity, "header"), identity.rule());
    }

    private static IdentityRequirement requirement(XmlElement identity, String attribute) throws PolicyException {
        return identity.keyword(
                attribute,
                identity.attribute(attribute).orElse(IdentityRequirement.OWN.keyword()),
                EnumSet.allOf(IdentityRequirement.class));
    }

    private static RateLimit rate(XmlElement rate) throws PolicyException {
        rate.keyword("per", rate.required("per", "write per=\"account\""), EnumSet.allOf(Counted.class));
        if (rate.attribute("messages").isEmpty() && rate.attribute("recipients").isEmpty()) {
            throw rate.fault("<rate> limits nothing", "write messages=\"200/1h\", recipients=\"1000/1d\" or both");
        }
        RateLimit.Then then = rate.keyword(
                "then",
                rate.required(
                        "then",
                        "write then=\"defer\" to refuse for the time being, or then=\"hold\" until you release the account"),
                EnumSet.allOf(RateLimit.Then.class));
        return RateLimit.of(quantity(rate, "messages"), quantity(rate, "recipients"), then, rate.rule());
    }

    /** @return null when the attribute is not given */
    private static RateLimit.Quantity quantity(XmlElement element, String attribute) throws PolicyException {
        Optional<String> written = element.attribute(attribute);
        if (written.isEmpty()) {
            return null;
        }
        try {
            return Quantities.quantity(written.get());
        } catch (PolicyException fault) {
            throw element.fault(fault);
        }
    }

    private static FailureLimit failures(XmlElement failures, NetworksReader networks) throws PolicyException {
        FailureLimit.Per per = failures.keyword(
                "per",
                failures.required("per", "write per=\"address\", per=\"account\" or per=\"password\""),
                EnumSet.allOf(FailureLimit.Per.class));
        failures.required("limit", "write limit=\"10/10m\" for ten failures within ten minutes");
        FailureLimit limit = FailureLimit.of(per, quantity(failures, "limit"), block(failures), failures.rule());
        Optional<String> delay = failures.attribute("delay");
        if (delay.isPresent()) {
            try {
                limit = limit.withDelay(Quantities.duration(delay.get()));
            } catch (PolicyException fault) {
                throw failures.fault(fault);
            }
        }
        Optional<String> exempt = failures.attribute("exempt");
        if (exempt.isEmpty()) {
            return limit;
        }
        Set<String> names = new LinkedHashSet<>();
        for (String name : failures.list(exempt.get(), "networks")) {
            networks.use(name, failures);
            names.add(name);
        }
        return limit.exempting(networks.networks(), names);
    }

    private static UnusualUse unusual(XmlElement unusual) throws PolicyException {
        if (unusual.attribute("networks").isPresent()
                == unusual.attribute("refused").isPresent()) {
            throw unusual.fault(
                    "<unusual> needs one of networks and refused",
                    "write networks=\"10/1h\" for logins from many networks, or refused=\"100/1h\" for refused recipients");
        }
        UnusualUse.Sign sign =
                unusual.attribute("networks").isPresent() ? UnusualUse.Sign.NETWORKS : UnusualUse.Sign.REFUSED;
        UnusualUse.Then then = unusual.keyword(
                "then",
                unusual.required(
                        "then",
                        "write then=\"notify\" to tell the postmaster, or then=\"hold\" to hold the account, too"),
                EnumSet.allOf(UnusualUse.Then.class));
        return UnusualUse.of(
                sign,
                quantity(unusual, sign == UnusualUse.Sign.NETWORKS ? "networks" : "refused"),
                then,
                unusual.rule());
    }

    private static Duration block(XmlElement failures) throws PolicyException {
        String right = "write then=\"block/1h\" to refuse for an hour";
        String then = failures.required("then", right);
        if (!then.startsWith(BLOCK)) {
            throw failures.fault(Wording.quoted(then) + " is unknown as then of <failures>", right);
        }
        try {
            return Quantities.duration(then.substring(BLOCK.length()));
        } catch (PolicyException fault) {
            throw failures.fault(fault);
        }
    }
}
