/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.EnumSet;
import org.rempart.policy.PolicyException;
import org.rempart.policy.trail.AuditPolicy;

/** Reads {@code <audit>}. */
final class AuditReader {
    private AuditReader() {}

    /** Without an attribute, recipients are plain, and subjects hashed. */
    static AuditPolicy read(XmlElement audit) throws PolicyException {
        AuditPolicy defaults = Policy.defaults().audit();
        AuditPolicy.Form recipients = audit.attribute("recipients").isPresent()
                ? audit.keyword(
                        "recipients",
                        audit.attribute("recipients").get(),
                        EnumSet.of(AuditPolicy.Form.PLAIN, AuditPolicy.Form.HASHED))
                : defaults.recipients();
        AuditPolicy.Form subjects = audit.attribute("subjects").isPresent()
                ? audit.keyword("subjects", audit.attribute("subjects").get(), EnumSet.allOf(AuditPolicy.Form.class))
                : defaults.subjects();
        return AuditPolicy.of(recipients, subjects);
    }
}
