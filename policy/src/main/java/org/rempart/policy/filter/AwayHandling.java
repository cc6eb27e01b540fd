/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.filter;

/** What becomes of mail that a filter does not answer about. */
public enum AwayHandling {
    /** 451: its client tries again. */
    DEFER,
    /** It is taken, with a field that says which filter has not seen it. */
    ACCEPT
}
