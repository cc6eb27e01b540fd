/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import javax.inject.Inject;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.OidcSASLConfiguration;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.AuthHook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.smtpserver.UsersRepositoryAuthHook;
import org.apache.james.user.api.InvalidUsernameException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs accounts in, in the place of James's own hook, which calls a password wrong when the accounts can't be asked: that
 * is answered {@code 454 4.7.0} here (RFC 4954, section 6), so that nobody's mail program asks for another password. The
 * session gets the account's own name, in whatever way its user logs in. Part of {@link CoreHandlers}.
 *
 * <p>An empty password is always wrong: a directory would take it for no login at all, and agree. So is none. What was given
 * as a name is never logged here: it may be a password that was typed into the wrong field.
 */
public final class AccountLoginHook implements ListenerHook, AuthHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(AccountLoginHook.class);

    private final PasswordTest passwords;
    private final UsersRepositoryAuthHook james;

    @Inject
    public AccountLoginHook(UsersRepository users, UsersRepositoryAuthHook james) {
        this.passwords = new PasswordTest(users);
        this.james = james;
    }

    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    @Override
    public HookResult doAuth(SMTPSession session, Username name, String password) {
        try {
            if (password.isEmpty()) {
                return wrong();
            }
            return passwords
                    .account(name, password)
                    .map(account -> loggedIn(session, account))
                    .orElseGet(AccountLoginHook::wrong);
        } catch (InvalidUsernameException noSuchAccount) {
            return wrong();
        } catch (UsersRepositoryException away) {
            // Comes with each login while a directory is away: where in the code says nothing.
            LOGGER.error("Can't tell whether a password is right: {}", away.getMessage());
            return undecided();
        } catch (RuntimeException fault) {
            LOGGER.error("Can't tell whether a password is right", fault);
            return undecided();
        }
    }

    private static HookResult undecided() {
        return Answers.refuseForNow("454", "4.7.0 Temporary authentication failure");
    }

    private static HookResult loggedIn(SMTPSession session, Username account) {
        session.setUsername(account);
        session.setRelayingAllowed(true);
        return HookResult.builder()
                .hookReturnCode(HookReturnCode.ok())
                .smtpReturnCode("235")
                .smtpDescription("2.7.0 Authentication successful")
                .build();
    }

    private static HookResult wrong() {
        return Answers.refuse("535", "5.7.8 Authentication credentials invalid");
    }

    /** Whether a token is right, its issuer says; James asks him. */
    @Override
    public HookResult doSasl(SMTPSession session, OidcSASLConfiguration configuration, String initialResponse) {
        return james.doSasl(session, configuration, initialResponse);
    }

    /** What James takes AUTH PLAIN without a password for (RFC 4616, section 2 asks for one). */
    @Override
    public HookResult doDelegation(SMTPSession session, Username name) {
        return wrong();
    }
}
