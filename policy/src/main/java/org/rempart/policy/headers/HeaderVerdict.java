/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

/** What happens to a header field of mail that leaves. */
public enum HeaderVerdict {
    /** It leaves as it is, byte for byte. */
    KEEP,
    /** It leaves without what it says of the internal network. */
    REWRITE,
    /** It does not leave. */
    STRIP
}
