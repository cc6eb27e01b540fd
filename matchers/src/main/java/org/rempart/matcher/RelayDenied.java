/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.net.InetAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;
import org.rempart.message.MailOrigin;
import org.rempart.policy.forwards.ForwardHandling;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.server.ServerPolicy;

/**
 * The second gate: matches the recipients in domains that are not ours whom the policy does not let this mail reach. It
 * is for mail that came to the spool another way than through a listener with {@code org.rempart.smtp.RelayHook}: LMTP,
 * JMAP, mailets that send a mail on.
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.RelayDenied" class="ToProcessor">
 *   <processor>relay-denied</processor>
 *   <onMatchException>matchall</onMatchException>
 * </mailet>
 * }</pre>
 *
 * When it can't decide, because the domains can't be looked up or the mail's address is none, it throws. Write
 * {@code <onMatchException>matchall</onMatchException>} beside it, and the gate then stays shut, for every recipient that
 * is left; without it, James hands the mail to its error processor; with {@code nomatch} the gate would stand open. The
 * condition, if any, is the URL of the server's policy file, where that is not the one by default:
 * {@code RelayDenied=file://conf/other.xml}.
 *
 * <p>A mail may leave when
 *
 * <ul>
 *   <li>RelayHook decided its recipients while the client was connected (a recipient that is added later comes from an
 *       alias or a forward of ours, see {@link IsForwarded}), and it does not claim to be from us without proof, in its
 *       envelope or its From, or
 *   <li>the policy's {@code <relay>} allows it: by the account that submitted it, or by the address it came from and its
 *       sender, or
 *   <li>this server wrote it: it was sent by a mailet, and its sender is empty (a bounce) or in a domain of ours, and nobody
 *       else has claimed that.
 * </ul>
 *
 * Where the policy says {@code <forwards outside="refuse"/>}, no mail at all leaves by an alias or a forward.
 *
 * <p>That a mailet sent it on (James's {@code SentByMailet}) is not enough: that is true of an outsider's mail, too. Nor
 * does such a mail count as coming from this machine, though James then records 127.0.0.1.
 */
public final class RelayDenied extends PolicyMatcher {
    @Inject
    public RelayDenied(ServerPolicy server) {
        super(server);
    }

    @Override
    public void init() throws MessagingException {
        if (Conditions.isAbsent(getCondition())) {
            super.init();
            return;
        }
        String url = getCondition().trim();
        if (!url.startsWith("file:") && !url.startsWith("classpath:")) {
            throw fault(
                    "this is not the URL of a policy file",
                    "write RelayDenied=file://conf/rempart.xml, or no condition");
        }
        read(Optional.of(url));
    }

    @Override
    public Collection<MailAddress> match(Mail mail) throws MessagingException {
        Collection<MailAddress> forwarded = forwardedInVain(mail);
        // What a stranger wrote as one of us must not get our name by being sent on: an address of ours that forwards
        // to the outside would vouch for it.
        if (!MailOrigin.claimsToBeOurs(mail)
                && (mail.getAttribute(MailAttributes.GATE).isPresent() || isOurOwn(mail))) {
            return forwarded;
        }
        InetAddress client = MailOrigin.client(mail);
        boolean authenticated = MailOrigin.account(mail).isPresent();
        MaybeSender sender = mail.getMaybeSender();
        Collection<MailAddress> denied = new LinkedHashSet<>(forwarded);
        mail.getRecipients().stream()
                .filter(recipient -> {
                    boolean ours = getMailetContext().isLocalServer(recipient.getDomain());
                    return policy().relay()
                                    .decide(RelayRequest.of(client, authenticated, sender, ours))
                                    .verdict()
                            == RelayVerdict.DENIED;
                })
                .forEach(denied::add);
        return denied;
    }

    /** The recipients outside whom an alias or a forward of ours has added, where the policy does not let it. */
    private Collection<MailAddress> forwardedInVain(Mail mail) throws MessagingException {
        if (policy().forwards().outside().verdict() == ForwardHandling.ALLOW) {
            return List.of();
        }
        return IsForwarded.forwarded(mail, getMailetContext())
                .orElseThrow(() -> new MessagingException("RelayDenied: nobody has noted whom " + mail.getName()
                        + " was addressed to, which "
                        + policy().forwards().outside().rule()
                        + " asks for; put org.rempart.mailet.BeforeForwarding before RecipientRewriteTable"));
    }

    private boolean isOurOwn(Mail mail) {
        return MailOrigin.isSentByMailet(mail)
                && mail.getMaybeSender()
                        .asOptional()
                        .map(sender -> getMailetContext().isLocalServer(sender.getDomain()))
                        .orElse(true);
    }

    @Override
    public String getMatcherInfo() {
        return "Matches the recipients whom the policy does not let this mail reach";
    }
}
