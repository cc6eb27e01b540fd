/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.rempart.policy.DomainNames;
import org.rempart.policy.tls.Dnssec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.RRset;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.dnssec.ValidatingResolver;

/**
 * DNSSEC by dnsjava, over the servers that {@code conf/dnsservice.xml} names: validated here from the root's keys on, or by
 * these servers, whose AD bit is trusted then (RFC 4035, sections 3.2.3 and 4.9.3).
 */
public final class DnsJavaSecureDns implements SecureDns {
    private static final Logger LOGGER = LoggerFactory.getLogger(DnsJavaSecureDns.class);

    /** The keys of the root, as IANA publishes them: those of 2017 and of 2024. */
    private static final String ROOT_ANCHORS = "root-anchors.txt";

    /** Came with dnsjava 3.6, the first whose validator bounds what keys and hashes of strangers cost it. */
    private static final String BOUNDED_VALIDATOR = "org.xbill.DNS.dnssec.AlgorithmRequirements";

    private static final int LARGEST_ANCHORS = 64 * 1024;
    private static final int ALIASES = 8;
    private static final Duration LONGEST = Duration.ofSeconds(30);

    /** How long a resolver that was seen to validate is not looked at again. */
    private static final long TRUSTED_NANOS = Duration.ofMinutes(10).toNanos();

    private final Supplier<List<InetSocketAddress>> servers;
    private final byte[] anchors;
    private Resolver resolver;
    private volatile long seenValidating;
    private volatile boolean everSeenValidating;

    private DnsJavaSecureDns(Supplier<List<InetSocketAddress>> servers, byte[] anchors) {
        this.servers = servers;
        this.anchors = anchors;
    }

    /**
     * Over the servers that dnsjava asks by default, which are those of James.
     *
     * @param dnssec who validates; not {@link Dnssec#OFF}
     * @param anchors the root's DS or DNSKEY records, as a zone file has them; empty: those that come along. Closed
     * @throws IOException when that can't be done, with what would be right
     */
    public static SecureDns of(Dnssec dnssec, Optional<InputStream> anchors) throws IOException {
        return of(dnssec, anchors, DnsJavaSecureDns::ofJames);
    }

    /** The same over these servers, as {@link #of(Dnssec, Optional)}. */
    public static SecureDns of(Dnssec dnssec, Optional<InputStream> anchors, List<InetSocketAddress> servers)
            throws IOException {
        return of(dnssec, anchors, () -> servers);
    }

    private static SecureDns of(Dnssec dnssec, Optional<InputStream> anchors, Supplier<List<InetSocketAddress>> servers)
            throws IOException {
        if (dnssec == Dnssec.RESOLVER) {
            return new DnsJavaSecureDns(servers, null);
        }
        try {
            Class.forName(BOUNDED_VALIDATOR, false, ValidatingResolver.class.getClassLoader());
        } catch (ClassNotFoundException old) {
            throw new IOException(
                    "the dnsjava of this James is older than 3.6, and strangers can keep its validator busy "
                            + "(CVE-2023-50387, CVE-2023-50868); write dnssec=\"resolver\", with a validating resolver on "
                            + "this machine in conf/dnsservice.xml, or give James a newer dnsjava",
                    old);
        }
        try (InputStream in =
                anchors.isPresent() ? anchors.get() : DnsJavaSecureDns.class.getResourceAsStream(ROOT_ANCHORS)) {
            byte[] read = in.readNBytes(LARGEST_ANCHORS + 1);
            if (read.length > LARGEST_ANCHORS) {
                throw new IOException("it is larger than " + LARGEST_ANCHORS + " bytes");
            }
            if (!anchored(new ValidatingResolver(new SimpleResolver()), read)) {
                throw new IOException("it has no DS or DNSKEY record of the root");
            }
            return new DnsJavaSecureDns(servers, read);
        } catch (IOException | RuntimeException fault) {
            throw new IOException(
                    "the keys of the DNS's root can't be read (" + fault.getMessage()
                            + "); write lines like: . IN DS 20326 8 2 E06D44B8…",
                    fault);
        }
    }

    private static boolean anchored(ValidatingResolver validating, byte[] anchors) throws IOException {
        validating.loadTrustAnchors(new ByteArrayInputStream(anchors));
        return validating.getTrustAnchors().find(Name.root, DClass.IN) != null;
    }

    /** Those that James's {@code DNSJavaService} gives dnsjava, unless it was told not to. */
    private static List<InetSocketAddress> ofJames() {
        Resolver all = Lookup.getDefaultResolver();
        List<Resolver> each =
                all instanceof ExtendedResolver ? List.of(((ExtendedResolver) all).getResolvers()) : List.of(all);
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (Resolver one : each) {
            if (one instanceof SimpleResolver) {
                addresses.add(((SimpleResolver) one).getAddress());
            }
        }
        return addresses;
    }

    /** Made at the first question: only then is James's own DNS service sure to have named its servers. */
    private synchronized Resolver resolver() throws IOException {
        if (resolver != null) {
            return resolver;
        }
        List<Resolver> each = new ArrayList<>();
        for (InetSocketAddress server : servers.get()) {
            if (anchors == null && !server.getAddress().isLoopbackAddress()) {
                LOGGER.warn(
                        "dnssec=\"resolver\" trusts {}, which is not on this machine: who is on the way to it can have "
                                + "mail go without DANE",
                        server);
            }
            SimpleResolver one = new SimpleResolver(server);
            one.setTimeout(LONGEST.dividedBy(5));
            each.add(one);
        }
        if (each.isEmpty()) {
            throw new IOException("no server is known to be asked");
        }
        ExtendedResolver all = new ExtendedResolver(each);
        all.setRetries(2);
        if (anchors == null) {
            all.setEDNS(0, 0, ExtendedFlags.DO);
            resolver = all;
        } else {
            ValidatingResolver validating = new ValidatingResolver(all);
            anchored(validating, anchors);
            resolver = validating;
        }
        return resolver;
    }

    @Override
    public SecureAnswer ask(String name, int type) throws UnansweredException {
        long end = System.nanoTime() + LONGEST.toNanos();
        Name current;
        try {
            current = Name.fromString(DomainNames.comparable(name), Name.root);
        } catch (TextParseException noName) {
            throw new UnansweredException(name, noName);
        }
        boolean secure = true;
        long seconds = Integer.MAX_VALUE;
        int aliases = 0;
        while (true) {
            Message answer = send(name, current, type, end);
            secure &= isSecure(name, answer, end);
            Name owner = current;
            List<Record> found = new ArrayList<>();
            boolean followed;
            do {
                followed = false;
                for (Record record : answer.getSection(Section.ANSWER)) {
                    if (record.getName().equals(owner) && record.getType() == type) {
                        found.add(record);
                        seconds = Math.min(seconds, record.getTTL());
                    } else if (!followed && type != Type.CNAME && isAlias(record, owner)) {
                        followed = true;
                        seconds = Math.min(seconds, record.getTTL());
                        current = ((CNAMERecord) record).getTarget();
                        if (++aliases > ALIASES) {
                            throw new UnansweredException(name, new IOException("there are too many aliases"));
                        }
                    }
                }
                if (followed) {
                    owner = current;
                }
            } while (followed);
            boolean whole = !found.isEmpty()
                    || answer.getRcode() == Rcode.NXDOMAIN
                    || owner.equals(answer.getQuestion().getName());
            if (whole) {
                for (Record record : answer.getSection(Section.AUTHORITY)) {
                    if (found.isEmpty() && record instanceof SOARecord) {
                        seconds = Math.min(seconds, Math.min(record.getTTL(), ((SOARecord) record).getMinimum()));
                    }
                }
                return new SecureAnswer(
                        secure,
                        owner.toString(),
                        found,
                        Duration.ofSeconds(seconds == Integer.MAX_VALUE ? 0 : seconds));
            }
        }
    }

    private static boolean isAlias(Record record, Name owner) {
        return record instanceof CNAMERecord && record.getName().equals(owner);
    }

    private Message send(String name, Name asked, int type, long end) throws UnansweredException {
        Message question = Message.newQuery(Record.newRecord(asked, type, DClass.IN));
        if (anchors == null) {
            question.getHeader().setFlag(Flags.AD);
        }
        try {
            Message answer = resolver()
                    .sendAsync(question)
                    .toCompletableFuture()
                    .orTimeout(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS)
                    .join();
            if (answer.getRcode() != Rcode.NOERROR && answer.getRcode() != Rcode.NXDOMAIN) {
                throw new UnansweredException(name, new IOException(reason(answer)));
            }
            return answer;
        } catch (CompletionException failure) {
            throw new UnansweredException(
                    name,
                    failure.getCause() instanceof TimeoutException
                            ? new IOException("not within " + LONGEST.toSeconds() + " s")
                            : failure.getCause());
        } catch (UnansweredException unanswered) {
            throw unanswered;
        } catch (IOException failure) {
            throw new UnansweredException(name, failure);
        }
    }

    /** The validator says in a TXT record why an answer is bogus. */
    private static String reason(Message answer) {
        for (RRset set : answer.getSectionRRsets(Section.ADDITIONAL)) {
            if (set.getType() == Type.TXT && set.getDClass() == ValidatingResolver.VALIDATION_REASON_QCLASS) {
                TXTRecord reason = (TXTRecord) set.first();
                return "DNSSEC: " + String.join("", reason.getStrings());
            }
        }
        return "it says " + Rcode.string(answer.getRcode());
    }

    private boolean isSecure(String name, Message answer, long end) throws UnansweredException {
        if (answer.getHeader().getFlag(Flags.AD)) {
            markValidating();
            return true;
        }
        if (anchors == null && !wasValidating()) {
            // An answer without AD says only then that the name is out of reach when the resolver validates at all.
            if (!send(name, Name.root, Type.SOA, end).getHeader().getFlag(Flags.AD)) {
                throw new UnansweredException(
                        name,
                        new IOException("dnssec=\"resolver\" is set, and the resolver of conf/dnsservice.xml does not "
                                + "validate: its answer about the root has no AD bit"));
            }
            markValidating();
        }
        return false;
    }

    private void markValidating() {
        seenValidating = System.nanoTime();
        everSeenValidating = true;
    }

    private boolean wasValidating() {
        return everSeenValidating && System.nanoTime() - seenValidating < TRUSTED_NANOS;
    }
}
