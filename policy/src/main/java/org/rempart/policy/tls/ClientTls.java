/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

/** Whether a client that submits mail must use TLS. */
public enum ClientTls {
    /** Nothing but EHLO, STARTTLS, NOOP, RSET and QUIT before TLS (RFC 3207, section 4). */
    REQUIRED,
    /** TLS is on offer; a client may do without, but can't authenticate then. */
    OPTIONAL,
    /** A named exception: this client may do without TLS, and even authenticate without. */
    EXCEPTED
}
