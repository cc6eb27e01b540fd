/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.james.core.Username;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.response.ImapResponseMessage;
import org.apache.james.imap.api.process.ImapProcessor.Responder;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imapserver.netty.HAProxyMessageHandler;
import org.apache.james.imapserver.netty.NettyConstants;
import org.apache.james.protocols.api.ProxyInformation;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.LoginFailureLedger.Answer;
import org.rempart.policy.ledger.LoginFailureLedger.Attempt;
import org.rempart.policy.ledger.LoginFailureLedger.Login;
import org.rempart.policy.ledger.LoginFailureLedger.Subject;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.trail.AuditEvent;

/**
 * Stops password guessing over IMAP, as {@code <failures>} of the policy says, and writes every login and every failure to
 * the audit trail. It has the ledger of the SMTP listeners: who is blocked there is blocked here, and the other way round.
 *
 * <ul>
 *   <li>A braked address at which no account is known is told {@code BYE} (RFC 9051, section 7.1.5) when it connects.
 *   <li>A login that a brake concerns, or that comes too soon after a failure, is answered {@code NO} without a look at its
 *       password.
 *   <li>While the accounts can't be asked, failures do not count.
 * </ul>
 */
final class LoginBrake {
    /** What is said instead of a look at the password. */
    static final HumanReadableText LATER = new HumanReadableText(
            "org.rempart.imap.LATER", "failed. Temporary authentication failure, try again later.");

    private static final String PEER = "org.rempart.imap.peer";
    private static final String ATTEMPT = "org.rempart.imap.attempt";

    private final LoginFailureLedger ledger;
    private final List<FailureLimit> limits;
    private final BiConsumer<List<Subject>, Supplier<AuditEvent>> notice;
    private final Predicate<String> accounts;

    /**
     * @param notice tells of the brakes that a failure has put on, each with an event that says who tried
     * @param accounts whether a name is an account's
     */
    LoginBrake(
            LoginFailureLedger ledger,
            List<FailureLimit> limits,
            BiConsumer<List<Subject>, Supplier<AuditEvent>> notice,
            Predicate<String> accounts) {
        this.ledger = ledger;
        this.notice = notice;
        this.accounts = accounts;
        this.limits = List.copyOf(limits);
    }

    /** Between whom a connection is: the client, behind a proxy the one that it speaks for; and the listener's port. */
    private record Peer(InetSocketAddress client, int listener) {
        static Peer of(Channel channel) {
            ProxyInformation proxied =
                    channel.attr(HAProxyMessageHandler.PROXY_INFO).get();
            return new Peer(
                    proxied == null ? (InetSocketAddress) channel.remoteAddress() : proxied.getSource(),
                    ((InetSocketAddress) channel.localAddress()).getPort());
        }
    }

    /** Whether the client of a connection is blocked; what it is told then is in the trail. */
    boolean isBlocked(Channel channel) {
        Peer peer = Peer.of(channel);
        Optional<Subject> blocked = ledger.refused(limits, peer.client().getAddress());
        blocked.ifPresent(subject ->
                event("blocked-refused", peer).rule(subject.limit().rule()).log());
        return blocked.isPresent();
    }

    /** Lets a connection's session know who its client is. */
    void introduce(Channel channel) {
        ImapSession session =
                channel.attr(NettyConstants.IMAP_SESSION_ATTRIBUTE_KEY).get();
        if (session != null && session.getAttribute(PEER) == null) {
            session.setAttribute(PEER, Peer.of(channel));
        }
    }

    /**
     * Has a login judged, if it may be tried.
     *
     * @param account who it is that logs in, where he says it
     * @param secret the password, or a token
     * @param responder answers the client
     * @param login tries, with the responder that it is given; it calls {@link #failed} when the credentials are wrong,
     *     before it answers
     * @param refuse answers in its place
     */
    void attempt(
            ImapSession session,
            Optional<Username> account,
            String secret,
            String mechanism,
            Responder responder,
            Consumer<Responder> login,
            Runnable refuse) {
        Peer peer = (Peer) session.getAttribute(PEER);
        InetAddress client = peer.client().getAddress();
        Answer answer = ledger.begin(
                limits,
                account.map(name -> Login.of(client, name.asString(), secret))
                        .orElseGet(() -> Login.ofToken(client, secret)));
        if (answer.attempt().isEmpty()) {
            boolean braked = answer.brake().isPresent();
            AuditEvent trail = event(braked ? "blocked-refused" : "login-delayed", session, mechanism);
            account.ifPresent(name -> trail.triedName(name.asString(), false));
            answer.brake().ifPresent(subject -> trail.rule(subject.limit().rule()));
            trail.log();
            refuse.run();
            return;
        }
        UnderWay underWay = new UnderWay(session, answer.attempt().get(), account, mechanism);
        session.setAttribute(ATTEMPT, underWay);
        try {
            login.accept(new Responder() {
                @Override
                public void respond(ImapResponseMessage message) {
                    // From here on the client may hang up, and the session then no longer says that it had logged in.
                    underWay.concludeIfLoggedIn();
                    responder.respond(message);
                }

                @Override
                public void flush() {
                    responder.flush();
                }
            });
        } finally {
            underWay.concludeIfLoggedIn();
            underWay.dismiss();
            session.setAttribute(ATTEMPT, null);
        }
    }

    /** The credentials of the attempt that is under way were wrong. */
    void failed(ImapSession session) {
        UnderWay underWay = (UnderWay) session.getAttribute(ATTEMPT);
        if (underWay != null) {
            underWay.fail();
        }
    }

    /** An attempt that is under way, and what is said of it in the trail. Its outcome is told once. */
    private final class UnderWay {
        private final ImapSession session;
        private final Attempt attempt;
        private final Optional<Username> account;
        private final String mechanism;
        private boolean concluded;

        UnderWay(ImapSession session, Attempt attempt, Optional<Username> account, String mechanism) {
            this.session = session;
            this.attempt = attempt;
            this.account = account;
            this.mechanism = mechanism;
        }

        private boolean conclude() {
            boolean first = !concluded;
            concluded = true;
            return first;
        }

        void concludeIfLoggedIn() {
            if (session.getState() == ImapSessionState.AUTHENTICATED && conclude()) {
                Username proved = session.getMailboxSession().getUser();
                attempt.succeeded(proved.asString());
                event("login").with("account", proved.asString()).log();
            }
        }

        void fail() {
            if (!conclude()) {
                return;
            }
            List<Subject> blocked = attempt.failed();
            boolean known = account.isPresent() && accounts.test(account.get().asString());
            tried("login-failed", known).log();
            notice.accept(blocked, () -> tried("blocked", known));
        }

        /** An attempt that neither failed for its credentials nor succeeded was one that nobody could judge. */
        void dismiss() {
            if (conclude()) {
                attempt.dismissed();
                tried("login-undecided", false).log();
            }
        }

        private AuditEvent tried(String event, boolean known) {
            AuditEvent trail = event(event);
            account.ifPresent(name -> trail.triedName(name.asString(), known));
            return trail;
        }

        private AuditEvent event(String event) {
            return LoginBrake.event(event, session, mechanism);
        }
    }

    /** An event of a connection. */
    static AuditEvent event(String event, ImapSession session) {
        AuditEvent trail = event(event, (Peer) session.getAttribute(PEER))
                .with("connection", session.sessionId().asString());
        if (session.getMailboxSession() != null) {
            trail.with("account", session.getMailboxSession().getUser().asString());
        }
        return trail;
    }

    private static AuditEvent event(String event, Peer peer) {
        return AuditEvent.now(event)
                .with("protocol", "imap")
                .with("client", peer.client().getAddress().getHostAddress())
                .with("port", peer.client().getPort())
                .with("listener", peer.listener());
    }

    private static AuditEvent event(String event, ImapSession session, String mechanism) {
        AuditEvent trail = event(event, (Peer) session.getAttribute(PEER))
                .with("connection", session.sessionId().asString())
                .with("mechanism", mechanism);
        session.getSSLSession()
                .ifPresent(tls -> trail.with("tls", tls.getProtocol()).with("cipher", tls.getCipherSuite()));
        return trail;
    }
}
