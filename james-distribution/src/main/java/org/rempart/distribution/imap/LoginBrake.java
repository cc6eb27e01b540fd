/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.apache.james.core.Username;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imapserver.netty.HAProxyMessageHandler;
import org.apache.james.imapserver.netty.NettyConstants;
import org.apache.james.protocols.api.ProxyInformation;
import org.rempart.policy.FailureLimit;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.LoginFailureLedger.Attempt;
import org.rempart.policy.ledger.LoginFailureLedger.Subject;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops password guessing over IMAP, as {@code <failures>} of the policy says, and writes every login and every failure to
 * the audit trail. It has the ledger of the SMTP listeners: who is blocked there is blocked here, and the other way round.
 *
 * <ul>
 *   <li>A blocked address is told {@code BYE} (RFC 9051, section 7.1.5) when it connects.
 *   <li>A login to a blocked account, or too soon after a failure, is answered {@code NO} without a look at its password.
 *   <li>While the accounts can't be asked, failures do not count.
 * </ul>
 */
final class LoginBrake {
    /** What is said instead of a look at the password. */
    static final HumanReadableText LATER = new HumanReadableText(
            "org.rempart.imap.LATER", "failed. Temporary authentication failure, try again later.");

    private static final Logger LOGGER = LoggerFactory.getLogger(LoginBrake.class);
    private static final String PEER = "org.rempart.imap.peer";
    private static final String ATTEMPT = "org.rempart.imap.attempt";

    private final LoginFailureLedger ledger;
    private final List<FailureLimit> limits;

    LoginBrake(LoginFailureLedger ledger, List<FailureLimit> limits) {
        this.ledger = ledger;
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

    /** An attempt that is under way, and what is said of it in the trail. */
    private record UnderWay(Attempt attempt, Optional<Username> account, String mechanism) {}

    /** Whether the client of a connection is blocked; what it is told then is in the trail. */
    boolean isBlocked(Channel channel) {
        Peer peer = Peer.of(channel);
        Optional<Subject> blocked =
                ledger.blocked(Subject.all(limits, peer.client().getAddress(), Optional.empty()));
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
     * @param login tries; it calls {@link #failed} when the credentials are wrong, before it answers
     * @param refuse answers in its place
     */
    void attempt(ImapSession session, Optional<Username> account, String mechanism, Runnable login, Runnable refuse) {
        Peer peer = (Peer) session.getAttribute(PEER);
        List<Subject> subjects = Subject.all(limits, peer.client().getAddress(), account.map(Username::asString));
        Optional<Attempt> begun = ledger.begin(subjects);
        if (begun.isEmpty()) {
            Optional<Subject> blocked = ledger.blocked(subjects);
            AuditEvent trail =
                    event(blocked.isPresent() ? "blocked-refused" : "login-delayed", session, account, mechanism);
            blocked.ifPresent(subject -> trail.rule(subject.limit().rule()));
            trail.log();
            refuse.run();
            return;
        }
        session.setAttribute(ATTEMPT, new UnderWay(begun.get(), account, mechanism));
        try {
            login.run();
        } finally {
            conclude(session, (UnderWay) session.getAttribute(ATTEMPT));
            session.setAttribute(ATTEMPT, null);
        }
    }

    /** An attempt that did not fail for its credentials has succeeded, or nobody could judge it. */
    private static void conclude(ImapSession session, UnderWay underWay) {
        if (underWay == null) {
            return;
        }
        if (session.getState() == ImapSessionState.AUTHENTICATED) {
            underWay.attempt().succeeded();
            event("login", session, Optional.of(session.getMailboxSession().getUser()), underWay.mechanism())
                    .log();
        } else {
            underWay.attempt().dismissed();
            event("login-undecided", session, underWay.account(), underWay.mechanism())
                    .log();
        }
    }

    /** The credentials of the attempt that is under way were wrong. */
    void failed(ImapSession session) {
        UnderWay underWay = (UnderWay) session.getAttribute(ATTEMPT);
        if (underWay == null) {
            return;
        }
        session.setAttribute(ATTEMPT, null);
        List<Subject> blocked = underWay.attempt().failed();
        event("login-failed", session, underWay.account(), underWay.mechanism()).log();
        for (Subject subject : blocked) {
            event("blocked", session, underWay.account(), underWay.mechanism())
                    .with("blocked", subject.name())
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

    private static AuditEvent event(String event, Peer peer) {
        return AuditEvent.now(event)
                .with("protocol", "imap")
                .with("client", peer.client().getAddress().getHostAddress())
                .with("port", peer.client().getPort())
                .with("listener", peer.listener());
    }

    private static AuditEvent event(String event, ImapSession session, Optional<Username> account, String mechanism) {
        AuditEvent trail = event(event, (Peer) session.getAttribute(PEER))
                .with("connection", session.sessionId().asString())
                .with("mechanism", mechanism);
        account.ifPresent(name -> trail.with("account", name.asString()));
        session.getSSLSession()
                .ifPresent(tls -> trail.with("tls", tls.getProtocol()).with("cipher", tls.getCipherSuite()));
        return trail;
    }
}
