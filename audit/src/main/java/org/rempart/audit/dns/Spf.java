/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.xbill.DNS.Record;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Reads an SPF record and all that it includes, for faults that make it worthless (RFC 7208). Nothing is evaluated. */
final class Spf {
    private static final int LOOKUPS = 10;
    private static final int VOID = 2;

    /** Beyond this nothing is followed: the record is refused long before. */
    private static final int MOST = 40;

    private final Dns dns;
    private final List<String> faults = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private final List<String> records = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private int lookups;
    private int empty;
    private String all = "";
    private boolean there;
    private boolean failed;

    Spf(Dns dns) {
        this.dns = dns;
    }

    /** Reads the record of a domain. */
    static Spf of(Dns dns, String domain) {
        Spf spf = new Spf(dns);
        spf.read(domain, true);
        if (spf.there) {
            if (spf.lookups > LOOKUPS) {
                spf.faults.add(spf.lookups + " look-ups, and 10 are allowed: receivers give up with permerror");
            }
            if (spf.empty > VOID) {
                spf.faults.add(spf.empty + " look-ups find nothing, and 2 are allowed");
            }
            switch (spf.all) {
                case "+" -> spf.faults.add("+all: everyone may send for the domain");
                case "?" -> spf.remarks.add("?all says nothing of the others");
                case "" -> spf.remarks.add("there is no all at its end: nothing is said of the others");
                default -> {
                    // -all or ~all
                }
            }
        }
        return spf;
    }

    boolean there() {
        return there;
    }

    boolean failed() {
        return failed;
    }

    List<String> faults() {
        return faults;
    }

    List<String> remarks() {
        return remarks;
    }

    List<String> records() {
        return records;
    }

    int lookups() {
        return lookups;
    }

    static List<String> texts(Dns.Answer answer) {
        List<String> texts = new ArrayList<>();
        for (Record record : answer.records()) {
            if (record instanceof TXTRecord txt) {
                texts.add(String.join("", txt.getStrings()));
            }
        }
        return texts;
    }

    private void read(String domain, boolean own) {
        if (!seen.add(domain.toLowerCase(Locale.ROOT))) {
            faults.add(domain + " is included again and again");
            return;
        }
        Dns.Answer answer = dns.look(domain, Type.TXT);
        if (answer.status() == Dns.Status.FAILED) {
            failed |= own;
            if (!own) {
                remarks.add(domain + ": " + answer.reason());
            }
            return;
        }
        List<String> found = texts(answer).stream()
                .filter(text -> text.toLowerCase(Locale.ROOT).matches("v=spf1( .*)?"))
                .toList();
        if (found.isEmpty()) {
            if (!own) {
                faults.add(domain + " is included, and has no SPF record");
            }
            return;
        }
        there |= own;
        records.add(domain + ": " + found.get(0));
        if (found.size() > 1) {
            faults.add(domain + " has " + found.size() + " SPF records: permerror");
        }
        terms(domain, found.get(0), own);
    }

    private void terms(String domain, String record, boolean own) {
        String redirect = "";
        boolean hasAll = false;
        for (String term : record.substring(6).strip().split(" +", -1)) {
            if (term.isEmpty()) {
                continue;
            }
            String qualifier = "+-~?".indexOf(term.charAt(0)) >= 0 ? term.substring(0, 1) : "+";
            String rest = "+-~?".indexOf(term.charAt(0)) >= 0 ? term.substring(1) : term;
            String lower = rest.toLowerCase(Locale.ROOT);
            String name = lower.split("[:=/]", 2)[0];
            String target =
                    rest.contains(":") ? rest.substring(rest.indexOf(':') + 1).replaceAll("/.*", "") : domain;
            if (lower.startsWith("redirect=")) {
                redirect = rest.substring(9);
                continue;
            }
            switch (name) {
                case "all" -> {
                    hasAll = true;
                    if (own) {
                        all = qualifier;
                    } else if (qualifier.equals("+")) {
                        faults.add(domain + " is included and has +all: everyone may send for the domain");
                    }
                }
                case "include" -> {
                    if (follow() && !target.contains("%")) {
                        read(target, false);
                    }
                }
                case "a", "mx", "exists" -> {
                    follow();
                    if (!target.contains("%")
                            && lookups <= MOST
                            && dns.look(target, name.equals("mx") ? Type.MX : Type.A)
                                            .status()
                                    == Dns.Status.NONE
                            && dns.look(target, Type.AAAA).status() == Dns.Status.NONE) {
                        empty++;
                        remarks.add(term + " finds nothing");
                    }
                }
                case "ptr" -> {
                    follow();
                    remarks.add("ptr is slow and not to be used (RFC 7208, section 5.5)");
                }
                case "ip4", "ip6" -> network(term, name, rest);
                case "exp" -> {
                    // An explanation: nothing that decides.
                }
                default -> {
                    if (!rest.contains("=")) {
                        faults.add("'" + term + "' is no mechanism: permerror");
                    }
                }
            }
        }
        if (!redirect.isEmpty() && !hasAll && follow() && !redirect.contains("%")) {
            read(redirect, own);
        }
    }

    private void network(String term, String name, String rest) {
        String value = rest.contains(":") ? rest.substring(rest.indexOf(':') + 1) : "";
        int slash = value.indexOf('/');
        try {
            int prefix = slash < 0 ? 128 : Integer.parseInt(value.substring(slash + 1));
            String address = slash < 0 ? value : value.substring(0, slash);
            boolean right = name.equals("ip4")
                    ? address.matches("\\d{1,3}(\\.\\d{1,3}){3}")
                    : address.matches("(?i)[0-9a-f:.]*:[0-9a-f:.]*");
            if (!right) {
                faults.add("'" + term + "' has no address: permerror");
            } else if ((name.equals("ip4") && prefix < 12) || (name.equals("ip6") && prefix < 20)) {
                faults.add(term + " lets a large part of the Internet send for the domain");
            }
        } catch (NumberFormatException e) {
            faults.add("'" + term + "' has no prefix: permerror");
        }
    }

    private boolean follow() {
        lookups++;
        return lookups <= MOST;
    }
}
