/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.james.core.Domain;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * Finds names of accounts in the values of fields: under which name somebody logs in is no matter of the outside. A name that
 * the header tells the recipient anyhow, in From, To and the like, is no secret.
 */
final class AccountNames {
    /** Each may be a question to a directory. Anyone who names more does not send a mail. */
    private static final int MOST_QUESTIONS = 20;

    /** RFC 5321, section 4.5.3.1.1. */
    private static final int LONGEST_LOCAL_PART = 64;

    /** RFC 1035, section 2.3.4. */
    private static final int LONGEST_NAME = 255;

    private static final Set<String> SHOWN = Set.of("from", "sender", "reply-to", "to", "cc");

    private final InnerNames names;
    private final Predicate<String> accounts;
    private final Map<String, Boolean> known = new HashMap<>();
    private final Set<String> shown = new HashSet<>();
    /** The name that submitted the mail, and what of it stands before the domain; empty where it is shown. */
    private final Set<String> submitter = new HashSet<>();

    /**
     * The names of one header.
     *
     * @param accounts whether an address in a domain of ours, in lower case, is an account
     * @param account the one that submitted the mail
     */
    AccountNames(HeaderBlock header, InnerNames names, Predicate<String> accounts, Optional<String> account) {
        this.names = names;
        this.accounts = accounts;
        int left = InnerNames.MOST_TEXT;
        for (HeaderField field : header.fields()) {
            int length = field.end() - field.start();
            if (length <= left && isShown(field)) {
                left -= length;
                forEachAddress(field.rawValue(), shown::add);
            }
        }
        account.map(name -> name.toLowerCase(Locale.ROOT))
                .filter(name -> !shown.contains(name))
                .ifPresent(name -> {
                    submitter.add(name);
                    submitter.add(name.substring(0, name.indexOf('@') < 0 ? name.length() : name.indexOf('@')));
                });
    }

    private static boolean isShown(HeaderField field) {
        for (String name : SHOWN) {
            if (field.isNamed(name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether one stands in a value: the account that submitted the mail, alone, or the address of any. */
    boolean standIn(String value) {
        if (!submitter.isEmpty() && submitter.contains(value.trim().toLowerCase(Locale.ROOT))) {
            return true;
        }
        boolean[] found = new boolean[1];
        forEachAddress(value, address -> found[0] |= !found[0] && isAccount(address));
        return found[0];
    }

    private boolean isAccount(String address) {
        if (shown.contains(address) || !isOurs(address.substring(address.indexOf('@') + 1))) {
            return false;
        }
        if (submitter.contains(address)) {
            return true;
        }
        Boolean answer = known.get(address);
        if (answer == null) {
            answer = known.size() >= MOST_QUESTIONS || accounts.test(address);
            if (known.size() < MOST_QUESTIONS) {
                known.put(address, answer);
            }
        }
        return answer;
    }

    private boolean isOurs(String domain) {
        try {
            return names.isOurDomain(Domain.of(domain));
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    /** Finds addresses, in lower case, wherever they stand; the at sign may be written as in a URL. */
    private static void forEachAddress(String text, Consumer<String> found) {
        if (text.indexOf('@') < 0 && text.indexOf('%') < 0) {
            return;
        }
        String plain = text.replace("%40", "@").toLowerCase(Locale.ROOT);
        for (int at = plain.indexOf('@'); at >= 0; at = plain.indexOf('@', at + 1)) {
            int start = at;
            while (start > 0 && at - start < LONGEST_LOCAL_PART && isOfAddress(plain.charAt(start - 1), "._+-")) {
                start--;
            }
            int end = at + 1;
            while (end < plain.length() && end - at <= LONGEST_NAME && isOfAddress(plain.charAt(end), ".-")) {
                end++;
            }
            while (end > at + 1 && plain.charAt(end - 1) == '.') {
                end--;
            }
            if (start < at && end > at + 1) {
                found.accept(plain.substring(start, end));
            }
        }
    }

    private static boolean isOfAddress(char c, String others) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c > 127 || others.indexOf(c) >= 0;
    }
}
