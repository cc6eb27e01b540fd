/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

/** What becomes of mail for an address with a detail that is nobody's by itself. */
public enum SubaddressHandling {
    /** It is the address without the detail. */
    DELIVER,
    /** There is no such address. */
    REFUSE
}
