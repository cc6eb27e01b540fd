/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.IOException;

/** Fetches the policy of MTA-STS (RFC 8461, section 3.3). */
public interface PolicyFetch {
    /**
     * The policy's text.
     *
     * @throws IOException if there is none, or the host does not prove who it is
     */
    String fetch(String domain) throws IOException;
}
