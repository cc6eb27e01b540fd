/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.Test;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.smtp.SubmissionFakes.Session;

/** While the store that several servers share is away, nobody submits, and mail from outside comes. */
class SharedLedgerAwayTest {
    private static final String POLICY = "<rate per=\"account\" messages=\"9/1h\" then=\"hold\"/>";

    private static SubmissionLedger away() {
        return (SubmissionLedger) Proxy.newProxyInstance(
                SubmissionLedger.class.getClassLoader(),
                new Class<?>[] {SubmissionLedger.class},
                (self, method, arguments) -> {
                    throw new LedgerAwayException("the shared store is away");
                });
    }

    private static AccountLimitsHook hook() throws Exception {
        AccountActivity activity = new AccountActivity();
        return SubmissionFakes.init(new AccountLimitsHook(
                away(),
                activity,
                new PostmasterNotice(
                        () -> {
                            throw new AssertionError("nobody is told anything");
                        },
                        activity,
                        SubmissionFakes.policy(POLICY).files()),
                SubmissionFakes.policy(POLICY)));
    }

    @Test
    void whatAccountsTryIsRefusedForNow() throws Exception {
        AccountLimitsHook hook = hook();
        Session alice = new Session().account("alice@ours.example");
        Mail mail = SubmissionFakes.mail("alice@ours.example", "Subject: hello");
        assertThat(SubmissionFakes.answer(hook.doMail(alice.get(), SubmissionFakes.sender("alice@ours.example"))))
                .isEqualTo("451 4.3.0");
        assertThat(SubmissionFakes.answer(hook.doRcpt(
                        alice.get(),
                        SubmissionFakes.sender("alice@ours.example"),
                        new MailAddress("someone@foreign.example"))))
                .isEqualTo("451 4.3.0");
        assertThat(SubmissionFakes.answer(hook.onMessage(alice.get(), mail))).isEqualTo("451 4.3.0");
    }

    @Test
    void aSessionWithoutAnAccountIsAskedNothing() throws Exception {
        AccountLimitsHook hook = hook();
        Session outside = new Session();
        Mail mail = SubmissionFakes.mail("someone@foreign.example", "Subject: hello");
        assertThat(SubmissionFakes.answer(
                        hook.doMail(outside.get(), SubmissionFakes.sender("someone@foreign.example"))))
                .isEmpty();
        assertThat(SubmissionFakes.answer(hook.onMessage(outside.get(), mail))).isEmpty();
    }
}
