/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.AbstractModule;
import com.google.inject.Scopes;
import org.apache.james.smtpserver.netty.SMTPServerFactory;

/** Puts our SMTP server in the place of James's. */
final class SmtpModule extends AbstractModule {
    @Override
    protected void configure() {
        bind(HardenedSmtpServerFactory.class).in(Scopes.SINGLETON);
        bind(SMTPServerFactory.class).to(HardenedSmtpServerFactory.class);
    }
}
