/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.List;
import javax.mail.MessagingException;
import org.apache.james.core.Username;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.Test;
import org.rempart.message.MailAttributes;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.ledger.SubmissionLedger;

class AccountIsHeldTest {
    private final SubmissionLedger ledger = new MemorySubmissionLedger();

    private List<String> matched(String condition, Mail mail) throws Exception {
        ledger.hold(Hold.of(Username.of("thief@ours.example"), Instant.EPOCH, "", 0, 0));
        return Trial.of(files -> new AccountIsHeld(ledger), condition).matched(mail);
    }

    private static Mail kept(String account) throws Exception {
        return Trial.with(Trial.by(account), MailAttributes.KEPT_FOR_HELD_ACCOUNT, "true");
    }

    @Test
    void matchesWhatAHeldAccountSubmitted() throws Exception {
        assertThat(matched(null, Trial.by("Thief@ours.example"))).hasSize(2);
        assertThat(matched(null, Trial.by("alice@ours.example"))).isEmpty();
        assertThat(matched(null, Trial.mail("thief@ours.example", "bob@ours.example")))
                .isEmpty();
    }

    @Test
    void matchesWhatWasTakenWhileItWasHeld() throws Exception {
        assertThat(matched("kept", kept("Thief@ours.example"))).hasSize(2);
        assertThat(matched("kept", Trial.by("thief@ours.example"))).isEmpty();
        assertThat(matched("kept", kept("released@ours.example"))).isEmpty();
    }

    @Test
    void takesNoOtherCondition() {
        assertThatThrownBy(() -> matched("thief@ours.example", Trial.by("alice@ours.example")))
                .hasMessageContainingAll("AccountIsHeld", "there is no such condition", "=kept");
    }

    @Test
    void whileNobodyCanTellItThrowsForMailOfAccounts() throws Exception {
        SubmissionLedger away = (SubmissionLedger) Proxy.newProxyInstance(
                SubmissionLedger.class.getClassLoader(),
                new Class<?>[] {SubmissionLedger.class},
                (self, method, arguments) -> {
                    throw new LedgerAwayException("the shared store is away");
                });
        assertThatThrownBy(
                        () -> Trial.of(files -> new AccountIsHeld(away), null).matched(Trial.by("alice@ours.example")))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("can't tell whether alice@ours.example is held");
        assertThat(Trial.of(files -> new AccountIsHeld(away), null)
                        .matched(Trial.mail("someone@foreign.example", "bob@ours.example")))
                .isEmpty();
    }
}
