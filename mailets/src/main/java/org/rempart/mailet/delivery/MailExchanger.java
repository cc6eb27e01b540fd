/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** A host that takes mail for a domain, as an MX record names it (RFC 5321, section 5.1). */
final class MailExchanger {
    private final String host;
    private final int preference;

    /**
     * @param host its name, in lower case, without a dot at its end; empty for the root, which a null MX names (RFC 7505)
     * @param preference the lower, the sooner it is tried
     */
    MailExchanger(String host, int preference) {
        this.host = host;
        this.preference = preference;
    }

    String host() {
        return host;
    }

    int preference() {
        return preference;
    }

    @Override
    public String toString() {
        return preference + " " + host;
    }
}
