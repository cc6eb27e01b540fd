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
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.OidcSASLConfiguration;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.api.handler.ConnectHandler;
import org.apache.james.protocols.api.handler.ExtensibleHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.AuthHook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.user.api.InvalidUsernameException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.FailureLimit;
import org.rempart.policy.trail.AuditEvent;
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
 * It asks the other authentication hooks itself, since James 3.8 tells nobody how a login ended. A login that fails with an
 * exception is answered {@code 454 4.7.0} too. Nothing sleeps; a failed login costs the server no thread.
 */
public final class LoginFailuresHook extends PolicyHook
        implements ConnectHandler<SMTPSession>, CommandHandler<SMTPSession>, AuthHook, ExtensibleHandler {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoginFailuresHook.class);
    private static final List<String> COMMANDS = List.of("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL");
    private static final int NETWORK_PREFIX_BYTES = 8;

    private static final Response BLOCKED = Answers.lastAnswer("421", "4.7.0 Too many failed logins, try again later");

    private final LoginFailureLedger ledger;
    private final UsersRepository users;
    private List<AuthHook> others = List.of();

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

    /** Learns which hooks come behind this one. */
    @Override
    public void wireExtensions(Class<?> interfaceName, List<?> extension) {
        if (interfaceName.equals(AuthHook.class)) {
            others = extension.stream()
                    .filter(hook -> hook != this)
                    .map(AuthHook.class::cast)
                    .collect(Collectors.toList());
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
        return judge(session, Optional.of(username), hook -> hook.doAuth(session, username, password));
    }

    /** Whom a token (RFC 7628) is for, only its issuer knows; what fails counts for the address. */
    @Override
    public HookResult doSasl(SMTPSession session, OidcSASLConfiguration configuration, String initialResponse) {
        return judge(session, Optional.empty(), hook -> hook.doSasl(session, configuration, initialResponse));
    }

    private HookResult judge(SMTPSession session, Optional<Username> account, Function<AuthHook, HookResult> login) {
        List<LoginFailureLedger.Subject> subjects =
                subjects(FailureLimit.Per.ADDRESS, network(SmtpFacts.client(session)));
        account.ifPresent(name -> subjects.addAll(subjects(FailureLimit.Per.ACCOUNT, name.asString())));
        Optional<LoginFailureLedger.Attempt> attempt = ledger.begin(subjects);
        if (attempt.isEmpty()) {
            AuditEvent trail = audit("blocked-refused", session, account);
            ledger.blocked(subjects)
                    .ifPresent(blocked -> trail.rule(blocked.limit().rule()));
            trail.log();
            return cannotLogIn();
        }
        HookResult result;
        try {
            result = askOthers(login);
        } catch (RuntimeException undecided) {
            attempt.get().dismissed();
            LOGGER.error("A login could not be decided", undecided);
            audit("login-undecided", session, account).log();
            return cannotLogIn();
        }
        switch (result.getResult().getAction()) {
            case OK:
                attempt.get().dismissed();
                AuditTrail.event("login", session).log();
                return result;
            case DENYSOFT:
                attempt.get().dismissed();
                audit("login-undecided", session, account).log();
                return result;
            case DENY:
                failed(session, account, attempt.get());
                return result;
            case DECLINED:
            case NONE:
                failed(session, account, attempt.get());
                return Answers.refuse("535", "5.7.8 Authentication credentials invalid");
        }
        throw new AssertionError(result);
    }

    private static HookResult cannotLogIn() {
        return Answers.refuseForNow("454", "4.7.0 Temporary authentication failure");
    }

    /** What the hooks behind this one say of a login: the first that does not leave it to the next. */
    private HookResult askOthers(Function<AuthHook, HookResult> login) {
        for (AuthHook hook : others) {
            HookResult result = login.apply(hook);
            if (result != null
                    && HookReturnCode.Action.ACTIVE_ACTIONS.contains(
                            result.getResult().getAction())) {
                return result;
            }
        }
        return HookResult.DECLINED;
    }

    private void failed(SMTPSession session, Optional<Username> account, LoginFailureLedger.Attempt attempt) {
        if (!account.map(this::directoryAnswers).orElse(true)) {
            attempt.dismissed();
            audit("login-undecided", session, account).log();
            return;
        }
        List<LoginFailureLedger.Subject> blocked = attempt.failed();
        audit("login-failed", session, account).log();
        for (LoginFailureLedger.Subject subject : blocked) {
            audit("blocked", session, account)
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

    private static AuditEvent audit(String event, SMTPSession session, Optional<Username> account) {
        AuditEvent trail = AuditTrail.event(event, session);
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
