/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.util.Locale;

/** Who finds out whether an answer of the DNS is proven (RFC 4035). */
public enum Dnssec {
    /** Nobody; no answer counts as proven, and there is no DANE. */
    OFF,
    /** This server, from the keys of the root on. */
    VALIDATE,
    /** The resolver that is asked, whose AD bit is trusted, and the way to it. */
    RESOLVER;

    /** As the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }
}
