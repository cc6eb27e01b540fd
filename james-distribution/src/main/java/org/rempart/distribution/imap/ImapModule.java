/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Scopes;
import com.google.inject.Singleton;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import javax.inject.Provider;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.decode.ImapCommandParserFactory;
import org.apache.james.imap.decode.main.DefaultImapDecoder;
import org.apache.james.imap.encode.ImapEncoder;
import org.apache.james.imap.processor.AuthenticateProcessor;
import org.apache.james.imap.processor.IdleProcessor;
import org.apache.james.imap.processor.LoginProcessor;
import org.apache.james.imapserver.netty.IMAPServerFactory;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.utils.ClassName;
import org.apache.james.utils.GuiceGenericLoader;
import org.rempart.policy.PolicyException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.trail.AuditEvent;

/** Puts our IMAP server, and our way of logging in, in the place of James's. */
public final class ImapModule extends AbstractModule {
    @Override
    protected void configure() {
        bind(LoginProcessor.class).to(BrakedLogin.class).in(Scopes.SINGLETON);
        bind(AuthenticateProcessor.class).to(BrakedAuthenticate.class).in(Scopes.SINGLETON);
        bind(IdleProcessor.class).to(OrderlyIdle.class).in(Scopes.SINGLETON);
    }

    @Provides
    @Singleton
    LoginBrake loginBrake(
            ServerPolicy policy, LoginFailureLedger ledger, UsersRepository users, GuiceGenericLoader extensions)
            throws PolicyException, IOException, ClassNotFoundException {
        // Of the hooks, which are an extension: only James's loader of extensions finds it.
        BiConsumer<List<LoginFailureLedger.Subject>, Supplier<AuditEvent>> notice =
                extensions.instantiate(new ClassName("org.rempart.smtp.LoginNotice"));
        return new LoginBrake(
                ledger,
                policy.asked(Optional.empty(), "the login in imapserver.xml")
                        .submission()
                        .failures(),
                notice,
                name -> isThere(users, name));
    }

    @Provides
    @Singleton
    IMAPServerFactory serverFactory(
            FileSystem fileSystem,
            ImapCommandParserFactory parsers,
            StatusResponseFactory responses,
            Provider<ImapEncoder> encoder,
            Provider<ImapProcessor> processor,
            MetricFactory metrics,
            GaugeRegistry gauges,
            LoginBrake brake) {
        return new HardenedImapServerFactory(
                fileSystem,
                () -> new DefaultImapDecoder(responses, new GuardedParsers(parsers, responses)),
                encoder,
                () -> new GuardedProcessor(processor.get(), responses),
                metrics,
                gauges,
                brake);
    }

    /** Whether there is an account of this name; false, too, when that can't be found out. */
    private static boolean isThere(UsersRepository users, String name) {
        try {
            return users.contains(Username.of(name));
        } catch (UsersRepositoryException | RuntimeException unknown) {
            return false;
        }
    }
}
