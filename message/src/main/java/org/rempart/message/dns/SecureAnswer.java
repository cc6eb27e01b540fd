/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.xbill.DNS.Record;

/** An answer of the DNS: proven by DNSSEC (secure), or out of its reach (insecure). No records are an answer, too. */
public final class SecureAnswer {
    private final boolean secure;
    private final String name;
    private final List<Record> records;
    private final Duration timeToLive;

    /**
     * @param secure whether all of it is proven, each alias on the way and, where there are no records, that there are none
     * @param name whose records they are, when all aliases are followed; without a dot at its end
     * @param records those of the type that was asked for
     * @param timeToLive how long all of it may be remembered
     */
    public SecureAnswer(boolean secure, String name, List<Record> records, Duration timeToLive) {
        this.secure = secure;
        this.name = MailExchanger.withoutDot(name);
        this.records = List.copyOf(records);
        this.timeToLive = Objects.requireNonNull(timeToLive);
    }

    /** Whether all of it is proven. */
    public boolean isSecure() {
        return secure;
    }

    /** Whose records they are, when all aliases are followed: in lower case, without a dot at its end. */
    public String name() {
        return name;
    }

    /** The records of a class of dnsjava's. */
    public <T extends Record> List<T> records(Class<T> type) {
        return records.stream().filter(type::isInstance).map(type::cast).collect(Collectors.toList());
    }

    public boolean isEmpty() {
        return records.isEmpty();
    }

    /** How long all of it may be remembered. */
    public Duration timeToLive() {
        return timeToLive;
    }
}
