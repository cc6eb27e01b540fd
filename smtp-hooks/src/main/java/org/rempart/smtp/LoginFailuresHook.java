/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.OidcSASLConfiguration;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.api.handler.ConnectHandler;
import org.apache.james.protocols.api.handler.ProtocolHandler;
import org.apache.james.protocols.api.handler.WiringException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.AuthHook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.user.api.InvalidUsernameException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops password guessing, as {@code <failures>} of the policy says, notices logins from many networks
 * ({@code <unusual networks="…"/>}), and writes every login and every failure to the audit
 * trail. For submission listeners, before all that answers AUTH:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.LoginFailuresHook"/>
 * }</pre>
 *
 * <ul>
 *   <li>Whom the brakes concern, {@link LoginFailureLedger} says: strangers, and not an account where it has logged in of
 *       late. Whom they concern is answered {@code 454 4.7.0} (RFC 4954, section 6) without a look at the password. Names are
 *       counted whether there is such an account or not, so the answer tells nobody which exist.
 *   <li>A braked address (IPv6: its /64, which one customer has) at which no account is known is answered {@code 421 4.7.0}
 *       at connect; behind a proxy, where its address is known by then, at its first command. Sessions that have proved an
 *       account go on.
 *   <li>With {@code delay="1s"}, an attempt at the same account from the same address within a second after its first
 *       failure is answered {@code 454 4.7.0} without a look at its password; within two after the second, four after the
 *       third, up to a minute. An answer that is held back would slow one connection, of which an attacker has many.
 *   <li>While the directory can't be asked, failures do not count (an outage would brake everybody), and the answer is
 *       {@code 454 4.7.0}.
 *   <li>Networks that {@code exempt} names are not counted at all.
 *   <li>The owner of an account that is guessed at is told, see {@link LoginNotice}.
 * </ul>
 *
 * It asks the other authentication hooks itself, since James 3.8 tells nobody how a login ended. A login that fails with an
 * exception is answered {@code 454 4.7.0} too.
 */
public final class LoginFailuresHook extends PolicyHook
        implements ConnectHandler<SMTPSession>, CommandHandler<SMTPSession>, AuthHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoginFailuresHook.class);
    private static final List<String> COMMANDS = List.of("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL");

    private static final Response BLOCKED = Answers.lastAnswer("421", "4.7.0 Too many failed logins, try again later");

    private final LoginFailureLedger ledger;
    private final UsersRepository users;
    private final UnusualUseWatch watch;
    private final LoginNotice notice;
    private List<AuthHook> others = List.of();

    @Inject
    LoginFailuresHook(
            LoginFailureLedger ledger,
            UsersRepository users,
            UnusualUseWatch watch,
            LoginNotice notice,
            ServerPolicy server) {
        super(server);
        this.ledger = ledger;
        this.users = users;
        this.watch = watch;
        this.notice = notice;
    }

    @Override
    public List<Class<?>> getMarkerInterfaces() {
        return List.of(ProtocolHandler.class, AuthHook.class);
    }

    /** Learns which hooks come behind this one. */
    @Override
    public void wireExtensions(Class<?> interfaceName, List<?> extension) throws WiringException {
        super.wireExtensions(interfaceName, extension);
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
        AuditTrail.noteMechanism(session, request);
        return SmtpFacts.account(session).isPresent() ? null : refuseBlocked(session);
    }

    private Response refuseBlocked(SMTPSession session) {
        Optional<LoginFailureLedger.Subject> braked = ledger.refused(limits(), SmtpFacts.client(session));
        if (braked.isEmpty()) {
            return null;
        }
        AuditTrail.event("blocked-refused", session)
                .rule(braked.get().limit().rule())
                .log();
        Swallow.everythingFrom(session);
        return BLOCKED;
    }

    private List<FailureLimit> limits() {
        return policy().submission().failures();
    }

    @Override
    public HookResult doAuth(SMTPSession session, Username username, String password) {
        return judge(
                session,
                Optional.of(username),
                LoginFailureLedger.Login.of(SmtpFacts.client(session), username.asString(), password),
                hook -> hook.doAuth(session, username, password));
    }

    /** Whom a token (RFC 7628) is for, only its issuer knows; what fails counts for the address. */
    @Override
    public HookResult doSasl(SMTPSession session, OidcSASLConfiguration configuration, String initialResponse) {
        return judge(
                session,
                Optional.empty(),
                LoginFailureLedger.Login.ofToken(SmtpFacts.client(session), initialResponse),
                hook -> hook.doSasl(session, configuration, initialResponse));
    }

    private HookResult judge(
            SMTPSession session,
            Optional<Username> account,
            LoginFailureLedger.Login who,
            Function<AuthHook, HookResult> login) {
        LoginFailureLedger.Answer answer = ledger.begin(limits(), who);
        if (answer.attempt().isEmpty()) {
            boolean braked = answer.brake().isPresent();
            AuditEvent trail = audit(braked ? "blocked-refused" : "login-delayed", session, account);
            answer.brake().ifPresent(subject -> trail.rule(subject.limit().rule()));
            trail.log();
            return cannotLogIn();
        }
        LoginFailureLedger.Attempt attempt = answer.attempt().get();
        HookResult result;
        try {
            result = askOthers(login);
        } catch (RuntimeException undecided) {
            attempt.dismissed();
            LOGGER.error("A login could not be decided", undecided);
            audit("login-undecided", session, account).log();
            return cannotLogIn();
        }
        switch (result.getResult().getAction()) {
            case OK:
                attempt.succeeded(SmtpFacts.account(session)
                        .or(() -> account)
                        .map(Username::asString)
                        .orElse(""));
                AuditTrail.event("login", session).log();
                SmtpFacts.account(session).ifPresent(proved -> watch.loggedIn(session, proved, policy().submission()));
                return result;
            case DENYSOFT:
                attempt.dismissed();
                audit("login-undecided", session, account).log();
                return result;
            case DENY:
                return failed(session, account, attempt) ? result : cannotLogIn();
            case DECLINED:
            case NONE:
                return failed(session, account, attempt)
                        ? Answers.refuse("535", "5.7.8 Authentication credentials invalid")
                        : cannotLogIn();
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

    /** Notes that no hook took the login; answers false when that is because the directory is down. */
    private boolean failed(SMTPSession session, Optional<Username> account, LoginFailureLedger.Attempt attempt) {
        Optional<Boolean> known = account.isEmpty() ? Optional.of(false) : account.flatMap(this::isThere);
        if (known.isEmpty()) {
            attempt.dismissed();
            audit("login-undecided", session, account).log();
            return false;
        }
        List<LoginFailureLedger.Subject> blocked = attempt.failed();
        audit("login-failed", session, account, known.get()).log();
        notice.accept(blocked, () -> audit("blocked", session, account, known.get()));
        return true;
    }

    /** An event about a login of somebody of whom nobody has asked whether he has an account. */
    private static AuditEvent audit(String event, SMTPSession session, Optional<Username> account) {
        return audit(event, session, account, false);
    }

    private static AuditEvent audit(String event, SMTPSession session, Optional<Username> account, boolean isThere) {
        AuditEvent trail = AuditTrail.event(event, session);
        account.ifPresent(name -> trail.triedName(name.asString(), isThere));
        return trail;
    }

    /** Whether there is such an account; empty when the directory is down, which James answers like a wrong password. */
    private Optional<Boolean> isThere(Username account) {
        try {
            return Optional.of(users.contains(account));
        } catch (InvalidUsernameException noSuchAccount) {
            return Optional.of(false);
        } catch (UsersRepositoryException down) {
            LOGGER.error("The directory does not answer, login failures are not counted: {}", down.getMessage());
            return Optional.empty();
        } catch (RuntimeException fault) {
            LOGGER.error("The accounts can't be asked, login failures are not counted", fault);
            return Optional.empty();
        }
    }

    /** What is in memory alone is written down before the server ends. */
    @Override
    public void destroy() {
        ledger.flush();
        watch.flush();
    }
}
