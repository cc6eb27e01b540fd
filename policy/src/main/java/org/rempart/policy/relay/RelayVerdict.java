/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.relay;

/** What happens to a recipient. */
public enum RelayVerdict {
    /** The recipient's domain is ours: this is no relay. */
    LOCAL,
    /** The policy lets this client send to other domains. */
    ALLOWED,
    /** Relaying denied. */
    DENIED
}
