/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

/** What becomes of mail from outside whose sender claims a domain of ours: the text of {@code <spoofed>}. */
public enum SpoofedHandling {
    /** It is not taken. */
    REFUSE,
    /** It is taken, and its recipients are told. */
    MARK,
    /** It is taken as any other. */
    ACCEPT
}
