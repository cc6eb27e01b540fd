/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.rempart.policy.DomainNames;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.dkim.DkimPolicy.Sign;

/** Reads {@code <dkim>}. */
final class DkimReader {
    private static final Pattern SELECTOR = Pattern.compile(
            "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");

    /** Each costs time for each mail, and a line of its header. */
    private static final int MOST_KEYS = 4;

    private DkimReader() {}

    static DkimPolicy read(XmlElement dkim) throws PolicyException {
        List<Sign> rules = new ArrayList<>();
        Map<String, XmlElement> elements = new HashMap<>();
        Map<String, Integer> keys = new HashMap<>();
        for (XmlElement element : dkim.children("sign")) {
            Sign rule = sign(element);
            XmlElement before = elements.putIfAbsent(rule.recordName().toLowerCase(Locale.ROOT), element);
            if (before != null) {
                throw element.fault(
                        element + " has the domain and selector of " + before + " at " + before.location(),
                        "give each key a selector of its own, or remove one");
            }
            if (keys.merge(rule.domain(), 1, Integer::sum) > MOST_KEYS) {
                throw element.fault(
                        rule.domain() + " has more than " + MOST_KEYS + " keys, and mail gets a signature with each",
                        "remove those that are out of use");
            }
            rules.add(rule);
        }
        return DkimPolicy.of(rules);
    }

    private static Sign sign(XmlElement sign) throws PolicyException {
        String written = sign.required("domain", "write domain=\"example.com\", a domain of yours");
        String domain = DomainNames.parse(written)
                .orElseThrow(() -> sign.fault(
                        Wording.quoted(written) + " is no domain", "write domain=\"example.com\", a domain of yours"));
        String selector = sign.required("selector", "write selector=\"s1\", the name of the key below _domainkey");
        if (!SELECTOR.matcher(selector).matches()
                || (selector + "._domainkey." + domain).length() > DomainNames.LONGEST) {
            throw sign.fault(
                    Wording.quoted(selector) + " is no selector",
                    "write letters and digits, selector=\"s1\" or the like");
        }
        String key = sign.required("key", "write the file of the private key, key=\"conf/dkim/s1.example.com.pem\"");
        return Sign.of(domain, selector, key, sign.rule());
    }
}
