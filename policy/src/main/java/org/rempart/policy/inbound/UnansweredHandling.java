/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.inbound;

/** What becomes of mail of which the DNS does not say in time whether it fails DMARC. */
public enum UnansweredHandling {
    /** 451: its client tries again. */
    DEFER,
    /** It is taken as any other. */
    ACCEPT
}
