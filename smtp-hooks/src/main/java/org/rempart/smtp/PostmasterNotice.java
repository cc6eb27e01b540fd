/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import javax.inject.Inject;
import javax.inject.Provider;
import javax.mail.MessagingException;
import javax.mail.Session;
import javax.mail.internet.MimeMessage;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.MailetContext;
import org.rempart.message.OwnMail;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.submission.HeldMail;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the postmaster that an account is held, or does what is unusual: who, since when, why, from where, and what to do.
 * The notice goes the way of all mail. When it can't be sent, that is in the log, and the hold stays.
 */
final class PostmasterNotice {
    private static final Logger LOGGER = LoggerFactory.getLogger(PostmasterNotice.class);
    private static final String LINE_END = "\r\n";

    /** RFC 5322, section 3.3. */
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ENGLISH);

    private final Provider<MailetContext> context;
    private final AccountActivity activity;
    private final Commands commands;

    @Inject
    PostmasterNotice(Provider<MailetContext> context, AccountActivity activity, FileSystem files) {
        this.context = context;
        this.activity = activity;
        this.commands = Commands.of(files);
    }

    /**
     * An account is held from now on.
     *
     * @param mail what becomes of what it submits
     */
    void held(Hold hold, HeldMail mail) {
        String account = hold.account().asString();
        String counts = hold.messages() == 0 && hold.recipients() == 0
                ? ""
                : "In the window: " + hold.messages() + " messages, " + hold.recipients() + " recipients" + LINE_END;
        send(
                "Account " + account + " is held",
                "The account " + account + " may not send any more: it has done what its owner hardly does." + LINE_END
                        + LINE_END
                        + "Reason: " + hold.reason() + LINE_END
                        + "Since: " + hold.since() + LINE_END
                        + counts
                        + LINE_END
                        + facts(hold.account())
                        + (mail == HeldMail.KEEP
                                ? "What it submits is taken and kept in the repository var/mail/held"
                                : "What it submits is refused with 550 5.7.28")
                        + ", and its mail that still" + LINE_END
                        + "waits for delivery to the outside is held. Look at it, and at what was sent:" + LINE_END
                        + LINE_END
                        + commands.looking(account) + LINE_END
                        + "Give the account another password first, then release it, and its mail or not:" + LINE_END
                        + LINE_END
                        + commands.releasing(account));
    }

    /** An account does what is unusual, and goes on. */
    void unusual(Username account, Rule rule) {
        String name = account.asString();
        send(
                "Account " + name + " does what is unusual",
                "The account " + name + " does what its owner hardly does. It may still send." + LINE_END + LINE_END
                        + "Reason: " + rule + LINE_END + LINE_END
                        + facts(account)
                        + "What it did, and how to stop it:" + LINE_END + LINE_END
                        + commands.tracing(name)
                        + commands.holding(name));
    }

    private static String minutes(Duration time) {
        return time.toMinutes() > 90 ? time.toHours() + " hours" : Math.max(1, time.toMinutes()) + " minutes";
    }

    private String facts(Username account) {
        StringBuilder facts = new StringBuilder();
        list(facts, "Messages by the address that they came from:", activity.clients(account));
        list(facts, "Messages by the hash of their subject, as the audit trail has it:", activity.subjects(account));
        return facts.toString();
    }

    private static void list(StringBuilder facts, String title, Map<String, Integer> counts) {
        if (counts.isEmpty()) {
            return;
        }
        facts.append(title).append(LINE_END);
        counts.forEach((what, count) ->
                facts.append("  ").append(what).append("  ").append(count).append(LINE_END));
        facts.append(LINE_END);
    }

    /** An account is guessed at, and strangers are refused for a while. Its owner learns it, and so does the postmaster. */
    void guessed(MailAddress owner, Rule rule, Duration block) {
        String name = owner.asString();
        send(
                List.of(owner),
                "Somebody guesses the password of " + name,
                "Somebody who does not have it tries passwords for the account " + name + ", from many places."
                        + LINE_END + LINE_END
                        + "For " + minutes(block) + " nobody can log in to it from a place where it has not been"
                        + LINE_END
                        + "used within the last month. Where you have used it, it goes on as ever." + LINE_END
                        + LINE_END
                        + "There is nothing that you must do. If your password is short, or the same elsewhere, have it"
                        + LINE_END
                        + "changed." + LINE_END);
        send(
                "The password of " + name + " is guessed at",
                "Passwords are tried for the account " + name + " from many addresses. Its owner was told." + LINE_END
                        + LINE_END
                        + "Reason: " + rule + LINE_END + LINE_END
                        + "Who tried, and when:" + LINE_END + LINE_END
                        + commands.tracing(name));
    }

    private void send(String subject, String text) {
        MailAddress postmaster;
        try {
            postmaster = context.get().getPostmaster();
        } catch (RuntimeException nobody) {
            LOGGER.error("The postmaster could not be told: {}", subject, nobody);
            return;
        }
        send(List.of(postmaster), subject, text);
    }

    private void send(List<MailAddress> recipients, String subject, String text) {
        try {
            MailetContext server = context.get();
            MailAddress postmaster = server.getPostmaster();
            MimeMessage message = new Notice(postmaster.getDomain().asString());
            message.setFrom(postmaster.toInternetAddress().orElseThrow());
            for (MailAddress recipient : recipients) {
                message.addRecipient(
                        MimeMessage.RecipientType.TO,
                        recipient.toInternetAddress().orElseThrow());
            }
            message.setSubject(subject, StandardCharsets.UTF_8.name());
            message.setHeader("Date", DATE.format(ZonedDateTime.now(ZoneOffset.UTC)));
            // RFC 3834: nobody's absence answers this.
            message.setHeader("Auto-Submitted", "auto-generated");
            message.setText(text, StandardCharsets.UTF_8.name());
            message.saveChanges();
            ByteArrayOutputStream written = new ByteArrayOutputStream();
            message.writeTo(written);
            OwnMail.send(server, MailImpl.getId(), recipients, written.toByteArray());
        } catch (IOException | MessagingException | RuntimeException unsent) {
            LOGGER.error("{} could not be told: {}", recipients, subject, unsent);
        }
    }

    /** Its id names no machine, as that of the library would. */
    private static final class Notice extends MimeMessage {
        private final String domain;

        Notice(String domain) {
            super((Session) null);
            this.domain = domain;
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", "<" + UUID.randomUUID() + "@" + domain + ">");
        }
    }
}
