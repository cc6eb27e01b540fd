/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.rempart.policy.DomainNames;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupResult;
import org.xbill.DNS.lookup.LookupSession;
import org.xbill.DNS.lookup.NoSuchDomainException;
import org.xbill.DNS.lookup.NoSuchRRSetException;

/**
 * The DNS by dnsjava, with the servers and the cache that James's {@code DNSJavaService} makes dnsjava's own; it does so
 * unless {@code <setAsDNSJavaDefault>} is false, when those of the machine are asked.
 */
final class DnsJavaDns implements Dns {
    /** For a question with all its aliases, each of which may be asked of servers that are away. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /** Null for James's, with its cache. */
    private final Resolver resolver;

    /** In the time of {@link System#nanoTime}; null for each question's own. */
    private final Long deadline;

    DnsJavaDns() {
        this(null, null);
    }

    private DnsJavaDns(Resolver resolver, Long deadline) {
        this.resolver = resolver;
        this.deadline = deadline;
    }

    /** Over these servers, without a cache. */
    static DnsJavaDns over(List<InetSocketAddress> servers, Duration patience) {
        List<Resolver> each = new ArrayList<>();
        for (InetSocketAddress server : servers) {
            Resolver one = new SimpleResolver(server);
            one.setTimeout(patience);
            each.add(one);
        }
        ExtendedResolver all = new ExtendedResolver(each);
        all.setRetries(1);
        return new DnsJavaDns(all, null);
    }

    @Override
    public Dns within(Duration time) {
        return new DnsJavaDns(resolver, System.nanoTime() + time.toNanos());
    }

    @Override
    public List<MailExchanger> exchangers(String domain) throws UnansweredException {
        List<MailExchanger> exchangers = new ArrayList<>();
        for (Record found : answer(domain, ask(domain, Type.MX))) {
            if (found instanceof MXRecord) {
                MXRecord mx = (MXRecord) found;
                exchangers.add(MailExchanger.of(mx.getTarget().toString(), mx.getPriority()));
            }
        }
        // RFC 5321, section 5.1: those of the same preference in any order, to spread the load.
        Collections.shuffle(exchangers);
        exchangers.sort(Comparator.comparingInt(MailExchanger::preference));
        return exchangers;
    }

    /**
     * IPv4 first: where it works, mail comes from the address that receivers know. Names in the machine's file of hosts are
     * those of a gateway, or so.
     */
    @Override
    public List<InetAddress> addresses(String host) throws UnansweredException {
        CompletableFuture<List<Record>> four = ask(host, Type.A);
        CompletableFuture<List<Record>> six = ask(host, Type.AAAA);
        List<InetAddress> addresses = new ArrayList<>();
        UnansweredException unanswered = null;
        for (CompletableFuture<List<Record>> asked : List.of(four, six)) {
            try {
                for (Record found : answer(host, asked)) {
                    if (found instanceof ARecord) {
                        addresses.add(((ARecord) found).getAddress());
                    } else if (found instanceof AAAARecord) {
                        addresses.add(((AAAARecord) found).getAddress());
                    }
                }
            } catch (UnansweredException silent) {
                unanswered = silent;
            }
        }
        if (addresses.isEmpty() && unanswered != null) {
            throw unanswered;
        }
        return addresses;
    }

    @Override
    public List<String> texts(String name) throws UnansweredException {
        List<String> texts = new ArrayList<>();
        for (Record found : answer(name, ask(name, Type.TXT))) {
            if (found instanceof TXTRecord) {
                texts.add(String.join("", ((TXTRecord) found).getStrings()));
            }
        }
        return texts;
    }

    @Override
    public List<String> names(InetAddress address) throws UnansweredException {
        List<String> names = new ArrayList<>();
        for (Record found : answer(
                address.getHostAddress(), ask(ReverseMap.fromAddress(address).toString(), Type.PTR))) {
            if (found instanceof PTRRecord) {
                names.add(((PTRRecord) found).getTarget().toString(true));
            }
        }
        return names;
    }

    private CompletableFuture<List<Record>> ask(String name, int type) {
        Name absolute;
        try {
            absolute = Name.fromString(DomainNames.comparable(name), Name.root);
        } catch (TextParseException noName) {
            return CompletableFuture.completedFuture(List.of());
        }
        long left = deadline == null ? LONGEST.toNanos() : deadline - System.nanoTime();
        if (left <= 0) {
            return CompletableFuture.failedFuture(new TimeoutException("the time for questions is over"));
        }
        LookupSession.LookupSessionBuilder session =
                LookupSession.builder().hostsFileParser(Lookup.getDefaultHostsFileParser());
        return (resolver == null
                        ? session.resolver(Lookup.getDefaultResolver()).cache(Lookup.getDefaultCache(DClass.IN))
                        : session.resolver(resolver))
                .build()
                .lookupAsync(absolute, type)
                .toCompletableFuture()
                .thenApply(LookupResult::getRecords)
                .orTimeout(left, TimeUnit.NANOSECONDS);
    }

    private static List<Record> answer(String name, CompletableFuture<List<Record>> asked) throws UnansweredException {
        try {
            return asked.join();
        } catch (CompletionException failure) {
            Throwable cause = failure.getCause();
            if (cause instanceof NoSuchDomainException || cause instanceof NoSuchRRSetException) {
                return List.of();
            }
            throw new UnansweredException(name, cause);
        }
    }
}
