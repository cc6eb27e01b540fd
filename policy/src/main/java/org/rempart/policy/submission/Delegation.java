/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.rempart.policy.Rule;

/** As whom else an account may write: a {@code <delegate>} element. */
public final class Delegation {
    /** Any address of a domain is written with this local part. */
    public static final String ANY = "*@";

    private final Set<String> accounts;
    private final List<String> groups;
    private final Set<String> addresses;
    private final Rule rule;

    private Delegation(Set<String> accounts, List<String> groups, Set<String> addresses, Rule rule) {
        this.accounts = Set.copyOf(accounts);
        this.groups = List.copyOf(groups);
        this.addresses = Set.copyOf(addresses);
        this.rule = Objects.requireNonNull(rule);
    }

    /**
     * A delegation, all of it in lower case.
     *
     * @param accounts to whom: names of accounts
     * @param groups to whom else: addresses, to all accounts that mail to these reaches
     * @param addresses as whom: addresses, or {@code *@domain} for all of a domain
     */
    public static Delegation of(Set<String> accounts, List<String> groups, Set<String> addresses, Rule rule) {
        return new Delegation(accounts, groups, addresses, rule);
    }

    /**
     * Whether it lets an account write as an address.
     *
     * @param account its name, in lower case
     * @param address in lower case, its domain in A-labels (RFC 5890)
     * @param isMember whether mail to an address of a group reaches the account; asked only when the answer counts
     */
    public boolean allows(String account, String address, Predicate<String> isMember) {
        boolean meant = addresses.contains(address)
                || addresses.contains(ANY + address.substring(address.lastIndexOf('@') + 1));
        return meant && (accounts.contains(account) || groups.stream().anyMatch(isMember));
    }

    public Rule rule() {
        return rule;
    }
}
