/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.filter;

/** Which mail a filter is shown. */
public enum FilteredMail {
    /** Of no account, and of no client that may relay with that envelope sender. */
    OUTSIDE,
    /** Of an account, or of a client that may relay with that envelope sender. */
    SUBMITTED,
    /** Both. */
    ALL
}
