/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.filter;

/** What becomes of mail that a filter speaks against. */
public enum FilterHandling {
    /** 550. */
    REFUSE,
    /** It is taken, and kept in a repository for the postmaster. */
    QUARANTINE,
    /** It is taken, and delivered into the folder for junk. */
    JUNK,
    /** It is taken as any other. */
    ACCEPT
}
