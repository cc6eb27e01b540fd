/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.OidcSASLConfiguration;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.api.handler.ConnectHandler;
import org.apache.james.protocols.api.handler.DisconnectHandler;
import org.apache.james.protocols.api.handler.ExtensibleHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.AuthHook;
import org.apache.james.protocols.smtp.hook.Hook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookResultHook;
import org.apache.james.user.api.InvalidUsernameException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.FailureLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops password guessing, as {@code <failures>} of the policy says, and writes every login and every failure to the audit
 * trail. For submission listeners, before all that answers AUTH:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.LoginFailuresHook"/>
 * }</pre>
 *
 * <ul>
 *   <li>A blocked address (IPv6: its /64, which one customer has) is answered {@code 421 4.7.0} at connect; behind a
 *       proxy, where its address is known by then, at its first command. Sessions that have proved an account go on: one
 *       guesser behind a shared address does not cut off those who are at work.
 *   <li>For a blocked account, AUTH is answered {@code 454 4.7.0} (RFC 4954, section 6) whatever the password. Names are
 *       counted whether there is such an account or not, so the answer tells nobody which exist.
 *   <li>A success resets neither count. An attacker with one account of his own would reset his address's at will; and the
 *       victim's telephone, which logs in every few minutes, that of the account that is guessed at.
 *   <li>While the directory can't be asked, failures do not count: an outage would block everybody.
 * </ul>
 *
 * Nothing sleeps; a failed login costs the server no thread.
 */
public final class LoginFailuresHook extends PolicyHook
        implements ConnectHandler<SMTPSession>,
                DisconnectHandler<SMTPSession>,
                CommandHandler<SMTPSession>,
                AuthHook,
                HookResultHook,
                ExtensibleHandler {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoginFailuresHook.class);
    private static final List<String> COMMANDS = List.of("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL");
    private static final int NETWORK_PREFIX_BYTES = 8;

    private static final Response BLOCKED = Answers.lastAnswer("421", "4.7.0 Too many failed logins, try again later");

    /** A login whose outcome is not known yet. */
    private static final class Login {
        private final LoginFailureLedger.Attempt attempt;
        private final Optional<Username> account;

        Login(LoginFailureLedger.Attempt attempt, Optional<Username> account) {
            this.attempt = attempt;
            this.account = account;
        }
    }

    private static final AttachmentKey<Login> LOGIN = AttachmentKey.of("org.rempart.smtp.login", Login.class);

    private final LoginFailureLedger ledger;
    private final UsersRepository users;
    private Hook lastAuthHook = this;

    @Inject
    public LoginFailuresHook(LoginFailureLedger ledger, UsersRepository users, FileSystem fileSystem) {
        super(fileSystem);
        this.ledger = ledger;
        this.users = users;
    }

    @Override
    public List<Class<?>> getMarkerInterfaces() {
        return List.of(AuthHook.class);
    }

    /** Learns which hook is asked last: only when that one does not know the password either, a login has failed. */
    @Override
    public void wireExtensions(Class<?> interfaceName, List<?> extension) {
        if (interfaceName.equals(AuthHook.class) && !extension.isEmpty()) {
            lastAuthHook = (Hook) extension.get(extension.size() - 1);
        }
    }

    @Override
    public Response onConnect(SMTPSession session) {
        return refuseBlocked(session);
    }

    @Override
    public Collection<String> getImplCommands() {
        return COMMANDS;
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        return SmtpFacts.account(session).isPresent() ? null : refuseBlocked(session);
    }

    private Response refuseBlocked(SMTPSession session) {
        if (blockedAddress(session).isEmpty()) {
            return null;
        }
        AuditTrail.event("blocked-refused", session).log();
        Swallow.everythingFrom(session);
        return BLOCKED;
    }

    private Optional<LoginFailureLedger.Subject> blockedAddress(SMTPSession session) {
        return ledger.blocked(subjects(FailureLimit.Per.ADDRESS, network(SmtpFacts.client(session))));
    }

    @Override
    public HookResult doAuth(SMTPSession session, Username username, String password) {
        return begin(session, Optional.of(username));
    }

    /** Whom a token (RFC 7628) is for, only its issuer knows; what fails counts for the address. */
    @Override
    public HookResult doSasl(SMTPSession session, OidcSASLConfiguration configuration, String initialResponse) {
        return begin(session, Optional.empty());
    }

    private HookResult begin(SMTPSession session, Optional<Username> account) {
        dismissUnfinished(session);
        List<LoginFailureLedger.Subject> subjects =
                subjects(FailureLimit.Per.ADDRESS, network(SmtpFacts.client(session)));
        account.ifPresent(name -> subjects.addAll(subjects(FailureLimit.Per.ACCOUNT, name.asString())));
        Optional<LoginFailureLedger.Attempt> attempt = ledger.begin(subjects);
        if (attempt.isEmpty()) {
            AuditTrail trail = AuditTrail.event("blocked-refused", session);
            account.ifPresent(name -> trail.with("account", name.asString()));
            ledger.blocked(subjects)
                    .ifPresent(blocked -> trail.rule(blocked.limit().rule()));
            trail.log();
            return Answers.refuseForNow("454", "4.7.0 Temporary authentication failure");
        }
        session.setAttachment(LOGIN, new Login(attempt.get(), account), State.Connection);
        return HookResult.DECLINED;
    }

    @Override
    public HookResult onHookResult(SMTPSession session, HookResult result, long executionTime, Hook hook) {
        if (hook instanceof AuthHook) {
            switch (result.getResult().getAction()) {
                case OK:
                    finish(session, login -> succeeded(session, login));
                    break;
                case DENY:
                    finish(session, login -> failed(session, login));
                    break;
                case DENYSOFT:
                    finish(session, login -> login.attempt.dismissed());
                    break;
                case DECLINED:
                case NONE:
                    if (hook == lastAuthHook) {
                        finish(session, login -> failed(session, login));
                    }
                    break;
            }
        }
        return result;
    }

    private static void finish(SMTPSession session, Consumer<Login> outcome) {
        session.removeAttachment(LOGIN, State.Connection).ifPresent(outcome);
    }

    private static void succeeded(SMTPSession session, Login login) {
        login.attempt.dismissed();
        AuditTrail.event("login", session).log();
    }

    private void failed(SMTPSession session, Login login) {
        if (!login.account.map(this::directoryAnswers).orElse(true)) {
            login.attempt.dismissed();
            audit("login-undecided", session, login.account).log();
            return;
        }
        List<LoginFailureLedger.Subject> blocked = login.attempt.failed();
        audit("login-failed", session, login.account).log();
        for (LoginFailureLedger.Subject subject : blocked) {
            audit("blocked", session, login.account)
                    .with("subject", subject.name())
                    .with("seconds", subject.limit().block().toSeconds())
                    .rule(subject.limit().rule())
                    .log();
            LOGGER.warn(
                    "{} is blocked for {}: {}",
                    subject.name(),
                    subject.limit().block(),
                    subject.limit().rule());
        }
    }

    private static AuditTrail audit(String event, SMTPSession session, Optional<Username> account) {
        AuditTrail trail = AuditTrail.event(event, session);
        account.ifPresent(name -> trail.with("account", name.asString()));
        return trail;
    }

    /** James answers a wrong password and a directory that is down alike. */
    private boolean directoryAnswers(Username account) {
        try {
            users.contains(account);
            return true;
        } catch (InvalidUsernameException noSuchAccount) {
            return true;
        } catch (UsersRepositoryException | RuntimeException down) {
            LOGGER.error("The directory does not answer, login failures are not counted", down);
            return false;
        }
    }

    @Override
    public void onDisconnect(SMTPSession session) {
        if (session != null) {
            dismissUnfinished(session);
        }
    }

    private static void dismissUnfinished(SMTPSession session) {
        finish(session, login -> login.attempt.dismissed());
    }

    private List<LoginFailureLedger.Subject> subjects(FailureLimit.Per per, String name) {
        return policy().submission().failures().stream()
                .filter(limit -> limit.per() == per)
                .map(limit -> LoginFailureLedger.Subject.of(limit, name))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** What an address is counted as: itself, or its /64 network (RFC 4291, section 2.5.4). */
    static String network(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address.getHostAddress();
        }
        byte[] bytes = address.getAddress();
        Arrays.fill(bytes, NETWORK_PREFIX_BYTES, bytes.length, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/64";
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
