/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rempart.distribution.home.Home;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.dkim.DkimPolicy.Sign;
import org.rempart.policy.dkim.DkimRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** What the DNS has of the keys that mail is signed with (RFC 6376, section 3.6.2). */
public final class SigningKeys {
    private SigningKeys() {}

    /** What the DNS says of a key. */
    public enum State {
        /** Its public part: what it signs, others verify. */
        PUBLISHED,
        /** Nothing. */
        MISSING,
        /** Something else, or more than one record: what the key signs fails. */
        OTHER
    }

    /** The key that a rule names. */
    public static DkimKey read(Home home, Sign rule) throws IOException {
        return DkimKey.of(
                rule, url -> Files.newInputStream(home.folder().resolve(Path.of(url.replaceFirst("^file:(//)?", "")))));
    }

    /**
     * Asks for the record of a key.
     *
     * @throws IOException when the DNS does not answer
     */
    public static State state(Lookup lookup, String recordName, DkimKey key) throws IOException {
        List<Record> records = lookup.ask(recordName, Type.TXT);
        if (records.isEmpty()) {
            return State.MISSING;
        }
        Optional<DkimRecord> record = DkimRecord.parse(String.join("", ((TXTRecord) records.get(0)).getStrings()));
        return records.size() == 1 && record.filter(found -> found.isOf(key)).isPresent()
                ? State.PUBLISHED
                : State.OTHER;
    }

    /**
     * Compares the keys of a policy with their records.
     *
     * @throws IOException when the DNS does not answer
     */
    public static List<Finding> compare(Home home, DkimPolicy policy, Lookup lookup) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (Sign rule : policy.rules()) {
            DkimKey key;
            try {
                key = read(home, rule);
            } catch (IOException unusable) {
                findings.add(Finding.fault(unusable.getMessage(), ""));
                continue;
            }
            String advice = "make there the one TXT record that bin/rempart dkim list " + rule.domain() + " shows";
            switch (state(lookup, rule.recordName(), key)) {
                case PUBLISHED ->
                    findings.add(Finding.ok(
                            "the DNS has the key that signs mail of " + rule.domain() + ", " + rule.recordName()));
                case MISSING ->
                    findings.add(Finding.fault(
                            "mail of " + rule.domain()
                                    + " is signed with a key that the DNS does not have: there is no TXT" + " record "
                                    + rule.recordName(),
                            advice));
                case OTHER ->
                    findings.add(Finding.fault(
                            "the signatures of " + rule.domain() + " fail: " + rule.recordName()
                                    + " has not the key in " + rule.keyFile() + ", or something besides",
                            advice));
            }
        }
        return findings;
    }
}
