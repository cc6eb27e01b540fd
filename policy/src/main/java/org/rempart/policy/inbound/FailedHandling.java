/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.inbound;

/** What becomes of mail that fails DMARC. */
public enum FailedHandling {
    /** 550. */
    REFUSE,
    /** It is taken, its recipients are told, and it is delivered into their folder for junk. */
    JUNK,
    /** It is taken, and its recipients are told. */
    MARK,
    /** It is taken as any other. */
    ACCEPT
}
