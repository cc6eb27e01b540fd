/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.EnumSet;
import java.util.Optional;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.forwards.SubaddressHandling;
import org.rempart.policy.forwards.SubaddressPolicy;

/** Reads {@code <subaddresses>}. */
final class SubaddressesReader {
    private SubaddressesReader() {}

    /** Without an attribute, its default applies. */
    static SubaddressPolicy read(XmlElement subaddresses) throws PolicyException {
        SubaddressPolicy byDefault = SubaddressPolicy.byDefault();
        Optional<String> mail = subaddresses.attribute("mail");
        return SubaddressPolicy.of(
                mail.isPresent()
                        ? subaddresses.keyword("mail", mail.get(), EnumSet.allOf(SubaddressHandling.class))
                        : byDefault.handling(),
                separator(subaddresses).orElse(byDefault.separator()));
    }

    private static Optional<Character> separator(XmlElement subaddresses) throws PolicyException {
        Optional<String> written = subaddresses.attribute("separator");
        if (written.isPresent()
                && (written.get().length() != 1
                        || !SubaddressPolicy.separators().contains(written.get()))) {
            throw subaddresses.fault(
                    Wording.quoted(written.get()) + " separates no detail",
                    "write separator=\"+\", or one of " + SubaddressPolicy.separators());
        }
        return written.map(separator -> separator.charAt(0));
    }
}
