/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageWrapper;

/** A message through {@link StripHeaders}. */
public final class Stripping {
    private Stripping() {}

    /**
     * What leaves; of a server whose domain is ours.example.
     *
     * @param parameters of the mailet, names and values in turn; none: as nobody has configured it
     */
    public static String strip(String message, String... parameters) throws MessagingException, IOException {
        MailImpl mail = Server.mail(message.getBytes(ISO_8859_1));
        StripHeaders mailet = Server.start(
                new StripHeaders(Server.policy(Map.of()), Server.domains(true), Server.users()), parameters);
        try {
            mailet.service(mail);
            // James's own message, which is there when nothing was to be stripped, writes other bytes than it holds.
            try (InputStream in = ((MimeMessageWrapper) mail.getMessage()).getMessageInputStream()) {
                return new String(in.readAllBytes(), ISO_8859_1);
            }
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }
}
