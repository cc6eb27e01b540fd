/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.rempart.message.HeaderBlock;
import org.rempart.message.OriginatorField;
import org.rempart.message.Originators;
import org.rempart.message.ShownAddress;
import org.rempart.message.dkim.ArcChain;
import org.rempart.message.dkim.DkimSignature;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.DomainNames;
import org.rempart.policy.dkim.DkimRecord;

/**
 * Finds out what proves whom a mail is from: SPF of HELO and of the envelope sender (RFC 7208), signatures (RFC 6376, 8301,
 * 8463) and what the domain of From says of both (DMARC, RFC 7489). All that a mail can cause is bounded: the questions to the
 * DNS, the time for them, the signatures and the addresses of From that are looked at.
 *
 * <p>Safe for use by many threads.
 */
public final class SenderProof {
    /** For all questions of one mail; a question that is not answered by then is one that the DNS does not answer. */
    public static final Duration TIME = Duration.ofMillis(900);

    /** Honest mail has two or three. */
    static final int MOST_SIGNATURES = 8;

    /** Each form of the body, and length of it, that signatures ask for costs a reading of it. */
    static final int MOST_DIGESTS = 3;

    /** Domains of From; more than one is odd. */
    static final int MOST_FROM = 3;

    private static final int PERCENT = 100;

    private final Dns dns;
    private final Clock clock;
    private final Duration time;

    public SenderProof(Dns dns) {
        this(dns, Clock.systemUTC(), TIME);
    }

    SenderProof(Dns dns, Clock clock, Duration time) {
        this.dns = dns;
        this.clock = clock;
        this.time = time;
    }

    private Lookups lookups() {
        return new Lookups(dns.within(time));
    }

    /**
     * Whether SPF lets a client send as an address.
     *
     * @param helo what the client said of itself
     */
    public boolean mayClientSendAs(InetAddress client, String helo, MailAddress sender) {
        return spf(client, helo, sender, lookups()) == Spf.Result.PASS;
    }

    /**
     * What SPF says of a client that calls itself so, or sends with addresses of that domain (RFC 7208, sections 2.3 and 2.4).
     *
     * @return the result as section 2.6 names it, such as {@code pass}
     */
    public String spf(InetAddress client, String domain) {
        return Spf.check(client, domain, "", domain, lookups()).keyword();
    }

    private static Spf.Result spf(InetAddress client, String helo, MailAddress sender, Lookups lookups) {
        return Spf.check(client, helo, sender.getLocalPart(), sender.getDomain().asString(), lookups);
    }

    /**
     * Looks at a mail.
     *
     * @param client the connection's real address
     * @param helo what the client said of itself; empty where it said nothing
     * @param header of the message, all of it
     * @param body opens the body of the message
     * @throws IOException when the body can't be read
     */
    public Proof of(InetAddress client, String helo, MaybeSender sender, HeaderBlock header, DkimSignature.Body body)
            throws IOException {
        Lookups lookups = lookups();
        Proof.Builder proof = Proof.builder();
        Originators originators = Originators.of(header);
        Set<String> from = new LinkedHashSet<>();
        for (OriginatorField field : originators.from()) {
            field.mailboxes().stream().map(ShownAddress::domain).forEach(from::add);
        }
        boolean clear = originators.fault().isEmpty() && originators.from().size() == 1 && !from.contains("");
        from.remove("");

        // In this order, so that nobody uses up the time for what the domain of From says by a slow DNS of his own.
        Map<String, Wanted> wanted = from.size() > MOST_FROM ? Map.of() : wanted(from, lookups);
        Set<String> envelope = new LinkedHashSet<>();
        // Of what the DNS did not say in time: it might have been proven.
        Set<String> open = new LinkedHashSet<>();
        Set<String> signers = new LinkedHashSet<>();
        Evaluation.Builder evaluation = Evaluation.builder();
        Map<Boolean, List<DkimSignature>> signatures = DkimSignature.of(header).stream()
                .collect(Collectors.partitioningBy(signature -> isRelated(signature, from)));
        Map<String, DkimSignature.BodyDigest> digests = new HashMap<>();
        dkim(
                first(signatures.get(true), MOST_SIGNATURES),
                header,
                body,
                lookups,
                digests,
                proof,
                evaluation,
                signers,
                open);
        spf(client, helo, sender, lookups, proof, evaluation, envelope, open);
        int left = Math.max(MOST_SIGNATURES - signatures.get(true).size(), 0);
        dkim(first(signatures.get(false), left), header, body, lookups, digests, proof, evaluation, signers, open);
        if (signatures.values().stream().allMatch(List::isEmpty)) {
            proof.method("dkim", "none", "");
        }
        if (from.isEmpty()) {
            proof.method("dmarc", Proof.Dmarc.PERMERROR.keyword(), "there is no address in From");
            proof.dmarc(Proof.Dmarc.PERMERROR, Proof.Wish.NONE, "");
        } else if (from.size() > MOST_FROM) {
            // Among them may be one that asks for it, and nobody's mail is from so many.
            String first = from.iterator().next();
            proof.method("dmarc", Proof.Dmarc.FAIL.keyword(), "From names many domains", "header.from", first);
            proof.dmarc(Proof.Dmarc.FAIL, Proof.Wish.REJECT, first);
        } else {
            for (String domain : from) {
                dmarc(domain, wanted.get(domain), clear, envelope, signers, open, proof);
            }
            if (from.size() == 1 && wanted.get(from.iterator().next()) != null) {
                wanted.get(from.iterator().next())
                        .record
                        .evaluated(evaluation, signers, envelope)
                        .ifPresent(proof::evaluation);
            }
        }
        arc(header, body, from, lookups, proof);
        return proof.build();
    }

    private static void spf(
            InetAddress client,
            String helo,
            MaybeSender sender,
            Lookups lookups,
            Proof.Builder proof,
            Evaluation.Builder evaluation,
            Set<String> envelope,
            Set<String> open) {
        if (!sender.isNullSender()) {
            MailAddress address = sender.get();
            Spf.Result result = spf(client, helo, address, lookups);
            proof.method("spf", result.keyword(), "", "smtp.mailfrom", address.asString());
            evaluation.spf("mfrom", DomainNames.comparable(address.getDomain().asString()), result.keyword());
            note(result, DomainNames.comparable(address.getDomain().asString()), proof, envelope, open);
        }
        if (!helo.isEmpty()) {
            Spf.Result result = Spf.check(client, helo, "", helo, lookups);
            String name = DomainNames.comparable(helo);
            proof.method("spf", result.keyword(), "", "smtp.helo", name);
            if (sender.isNullSender()) {
                // RFC 7208, section 2.4: it is the sender then.
                evaluation.spf("helo", name, result.keyword());
                note(result, name, proof, envelope, open);
            }
        }
    }

    private static void note(
            Spf.Result result, String domain, Proof.Builder proof, Set<String> envelope, Set<String> open) {
        if (result == Spf.Result.PASS) {
            envelope.add(domain);
            proof.envelopeDomain(domain);
        } else if (result == Spf.Result.TEMPERROR) {
            open.add(domain);
        }
    }

    private static <T> List<T> first(List<T> all, int most) {
        return all.subList(0, Math.min(all.size(), most));
    }

    private void dkim(
            List<DkimSignature> signatures,
            HeaderBlock header,
            DkimSignature.Body body,
            Lookups lookups,
            Map<String, DkimSignature.BodyDigest> digests,
            Proof.Builder proof,
            Evaluation.Builder evaluation,
            Set<String> signers,
            Set<String> open)
            throws IOException {
        for (DkimSignature signature : signatures) {
            String result;
            String reason;
            try {
                Optional<String> fault = fault(header, body, signature, lookups, digests);
                result = fault.isEmpty() ? "pass" : fault.get().startsWith("!") ? "fail" : "neutral";
                reason = fault.map(text -> text.startsWith("!") ? text.substring(1) : text)
                        .orElse("");
                if (fault.isEmpty()) {
                    signers.add(signature.domain());
                }
            } catch (UnansweredException unanswered) {
                open.add(signature.domain());
                result = "temperror";
                reason = "";
            }
            evaluation.signature(signature.domain(), signature.selector(), result);
            proof.method(
                    "dkim",
                    result,
                    reason,
                    "header.d",
                    signature.domain(),
                    "header.s",
                    signature.selector(),
                    "header.b",
                    signature.beginning());
        }
    }

    private static boolean isRelated(DkimSignature signature, Set<String> from) {
        String registrable = DmarcRecord.registrable(signature.domain());
        return from.stream().anyMatch(domain -> DmarcRecord.registrable(domain).equals(registrable));
    }

    /** Why a signature proves nothing; with ! where it is a false one. */
    private Optional<String> fault(
            HeaderBlock header,
            DkimSignature.Body body,
            DkimSignature signature,
            Lookups lookups,
            Map<String, DkimSignature.BodyDigest> digests)
            throws IOException {
        if (signature.fault().isPresent()) {
            return signature.fault();
        }
        if (signature
                .expiry()
                .filter(end -> end < Instant.now(clock).getEpochSecond())
                .isPresent()) {
            return Optional.of("it has expired");
        }
        Optional<DkimRecord> record = key(signature.recordName(), lookups);
        if (record.isEmpty()) {
            return Optional.of("there is no key");
        }
        Optional<String> fault = signature.faultOf(record.get());
        if (fault.isPresent()) {
            return fault;
        }
        String form = signature.bodyForm() + " " + signature.bodyLength().orElse(-1L);
        DkimSignature.BodyDigest digest = digests.get(form);
        if (digest == null && digests.size() == MOST_DIGESTS) {
            return Optional.of("the message has signatures of too many forms");
        }
        if (digest == null) {
            digest = signature.digest(body);
            digests.put(form, digest);
        }
        if (!signature.isOf(digest)) {
            return Optional.of("!the body was changed");
        }
        if (!signature.isOf(header, record.get())) {
            return Optional.of("!the signature is false");
        }
        return signature.coversAll(digest) ? Optional.empty() : Optional.of("it does not cover all of the body");
    }

    private static void arc(
            HeaderBlock header, DkimSignature.Body body, Set<String> from, Lookups lookups, Proof.Builder proof)
            throws IOException {
        ArcChain chain = ArcChain.of(header);
        if (chain.isEmpty()) {
            return;
        }
        try {
            Optional<String> fault = chain.fault().isPresent() ? chain.fault() : fault(chain, header, body, lookups);
            proof.method("arc", fault.isPresent() ? "fail" : "pass", fault.orElse(""));
            if (fault.isEmpty() && !from.isEmpty() && from.stream().allMatch(chain::saysProven)) {
                proof.sealer(chain.domain(chain.length()));
            }
        } catch (UnansweredException unanswered) {
            proof.method("arc", "temperror", "");
        }
    }

    /** RFC 8617, section 5.2. */
    private static Optional<String> fault(ArcChain chain, HeaderBlock header, DkimSignature.Body body, Lookups lookups)
            throws IOException {
        DkimSignature newest = chain.newestSignature();
        if (newest.fault().isPresent()) {
            return newest.fault();
        }
        Optional<DkimRecord> key = key(newest.recordName(), lookups);
        if (key.isEmpty() || newest.faultOf(key.get()).isPresent()) {
            return Optional.of("there is no key");
        }
        DkimSignature.BodyDigest digest = newest.digest(body);
        if (!newest.isOf(digest) || !newest.coversAll(digest) || !newest.isOf(header, key.get())) {
            return Optional.of("the message was changed");
        }
        for (int number = chain.length(); number > 0; number--) {
            Optional<DkimRecord> record = key(chain.recordName(number), lookups);
            if (record.isEmpty() || !chain.isSealed(number, record.get())) {
                return Optional.of("a seal is broken");
            }
        }
        return Optional.empty();
    }

    private static Optional<DkimRecord> key(String name, Lookups lookups) throws UnansweredException {
        List<String> records = lookups.texts(name);
        return records.size() == 1 ? DkimRecord.parse(records.get(0)) : Optional.empty();
    }

    /** What the domain of a From has published, and wants. */
    private static final class Wanted {
        private final DmarcRecord record;
        private final Proof.Wish wish;

        private Wanted(DmarcRecord record, Proof.Wish wish) {
            this.record = record;
            this.wish = wish;
        }
    }

    /** By domain; without those for which the DNS does not answer. */
    private Map<String, Wanted> wanted(Set<String> from, Lookups all) {
        Map<String, Wanted> wanted = new HashMap<>();
        for (String domain : from) {
            // Of several, none uses up the time of another.
            Lookups lookups = from.size() == 1 ? all : lookups();
            try {
                DmarcRecord record = DmarcRecord.find(domain, lookups);
                wanted.put(
                        domain,
                        new Wanted(
                                record,
                                record.wish(lookups, ThreadLocalRandom.current().nextInt(PERCENT))));
            } catch (UnansweredException unanswered) {
                // It is a temperror.
            }
        }
        return wanted;
    }

    private static void dmarc(
            String domain,
            Wanted wanted,
            boolean clear,
            Set<String> envelope,
            Set<String> signers,
            Set<String> open,
            Proof.Builder proof) {
        Proof.Dmarc result;
        Proof.Wish wish = Proof.Wish.NONE;
        if (wanted == null) {
            result = Proof.Dmarc.TEMPERROR;
        } else {
            DmarcRecord record = wanted.record;
            boolean aligned = signers.stream().anyMatch(signer -> record.isAligned(signer, true))
                    || envelope.stream().anyMatch(sender -> record.isAligned(sender, false));
            if (aligned && clear) {
                proof.provenFrom(domain);
            }
            if (!clear && (aligned || !record.isPresent())) {
                // What one reader sees proven, another may not see at all.
                result = Proof.Dmarc.PERMERROR;
            } else if (!record.isPresent()) {
                result = Proof.Dmarc.NONE;
            } else if (aligned) {
                result = Proof.Dmarc.PASS;
            } else if (open.stream().anyMatch(one -> record.isAligned(one, true) || record.isAligned(one, false))) {
                result = Proof.Dmarc.TEMPERROR;
            } else {
                result = Proof.Dmarc.FAIL;
                wish = wanted.wish;
            }
        }
        proof.method("dmarc", result.keyword(), "", "header.from", domain);
        proof.dmarc(result, wish, domain);
    }
}
