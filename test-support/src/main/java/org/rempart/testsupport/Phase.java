/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

/** Where a conversation is when the server speaks next: something can go wrong at each. */
public enum Phase {
    /** The client has connected. */
    GREETING,
    /** EHLO or HELO, before and after the handshake. */
    EHLO,
    /** STARTTLS, on the answer to which the handshake follows. */
    STARTTLS,
    /** MAIL FROM. */
    MAIL,
    /** RCPT TO, once for each recipient. */
    RCPT,
    /** DATA, or the first chunk (BDAT) of a message. */
    DATA,
    /** Some of a message that is sent with DATA has come. */
    BODY,
    /** The message has come as a whole: who is answered 250 has given it away. */
    MESSAGE,
    /** RSET, NOOP, QUIT and everything else. */
    OTHER
}
