/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The TXT record by which a domain says that it has an MTA-STS policy (RFC 8461, section 3.1). */
final class MtaStsRecord {
    private static final Pattern VERSION = Pattern.compile("v=STSv1[ \\t]*;.*", Pattern.DOTALL);
    private static final Pattern ID = Pattern.compile("id=([A-Za-z0-9]{1,32})");

    private MtaStsRecord() {}

    /**
     * The id of the policy that a domain announces. Records that are something else don't count; of those that count there
     * must be one only.
     *
     * @param name where the records are, for the reason
     * @param records the TXT records, the strings of each joined
     * @throws MtaStsException when it announces none, with the reason
     */
    static String id(String name, Collection<String> records) throws MtaStsException {
        List<String> announcing = records.stream()
                .filter(record -> VERSION.matcher(record).matches())
                .collect(Collectors.toList());
        if (announcing.size() != 1) {
            throw new MtaStsException(
                    announcing.isEmpty()
                            ? "no TXT record at " + name + (records.isEmpty() ? "" : " begins with v=STSv1;")
                            : announcing.size() + " TXT records at " + name
                                    + " begin with v=STSv1;, where there must be one");
        }
        for (String field : announcing.get(0).split(";", -1)) {
            Matcher id = ID.matcher(field.strip());
            if (id.matches()) {
                return id.group(1);
            }
        }
        throw new MtaStsException("the TXT record at " + name + " has no id of up to 32 letters and digits");
    }
}
