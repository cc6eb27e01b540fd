/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

/** What becomes of what a held account submits: the attribute {@code mail} of {@code <held>}. */
public enum HeldMail {
    /** It is not taken. */
    REFUSE,
    /** It is taken, and put aside until an administrator releases the account. */
    KEEP
}
