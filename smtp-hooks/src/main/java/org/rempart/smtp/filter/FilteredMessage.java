/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.rempart.message.HeaderBlock;

/** What a filter is told of a message: the message, and how it came. */
public interface FilteredMessage {
    /** The mail's name here. */
    String id();

    /** The name of this server. */
    String server();

    /** The connection's real address. */
    InetAddress client();

    /** The host name of the client, where its address has one that has this address. */
    Optional<String> clientName();

    /** What the client called itself; empty where it did not. */
    String helo();

    /** The account that the client proved. */
    Optional<String> account();

    /** The TLS version, by its JSSE name. */
    Optional<String> tlsVersion();

    /** The cipher suite, by its JSSE name. */
    Optional<String> cipher();

    /** The envelope sender without brackets; empty for the null sender. */
    String sender();

    /** The envelope's recipients without brackets. */
    List<String> recipients();

    /** The header as it is now, with what filters before this one have changed. */
    HeaderBlock header();

    /** How long the body is, in bytes. */
    long bodySize() throws IOException;

    /** The body, to be read and closed. */
    InputStream body() throws IOException;
}
