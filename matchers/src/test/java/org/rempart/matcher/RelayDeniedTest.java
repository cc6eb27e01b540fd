/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import javax.mail.MessagingException;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;

class RelayDeniedTest {
    private static final String NETWORK_POLICY =
            "<policy><networks><network name=\"apps\">192.0.2.0/24, 2001:db8::/32</network></networks>"
                    + "<relay><allow network=\"apps\"/></relay></policy>";

    private static Trial trial(String condition) {
        return Trial.of(RelayDenied::new, condition);
    }

    private static MailImpl mail() throws MessagingException {
        return Trial.mail("alice@ours.example", "bob@ours.example", "carol@elsewhere.example");
    }

    @Test
    void matchesTheRemoteRecipientsOfUnauthenticatedMail() throws Exception {
        assertThat(trial(null).matched(mail())).containsExactly("carol@elsewhere.example");
    }

    @Test
    void leavesLocalRecipientsAlone() throws Exception {
        assertThat(trial(null).matched(Trial.mail("eve@outside.example", "bob@ours.example", "b@also-ours.example")))
                .isEmpty();
    }

    @Test
    void leavesWhatPassedTheGateAndDoesNotClaimToBeOurs() throws Exception {
        MailImpl mail = Trial.with(mail(), MailAttributes.GATE, "rcpt");
        assertThat(trial(null).matched(mail)).isEmpty();
        assertThat(trial(null).matched(Trial.with(mail, MailAttributes.UNVERIFIED_SENDER, "name")))
                .isEmpty();
        assertThat(trial(null).matched(Trial.with(mail, MailAttributes.UNVERIFIED_SENDER, "from, name")))
                .containsExactly("carol@elsewhere.example");
    }

    @Test
    void leavesNoMailThatAForwardSendsOnWhereThePolicyRefusesIt() throws Exception {
        Trial refusing = trial(null).policy("<policy><forwards outside='refuse'/></policy>");
        MailImpl mail = Trial.with(mail(), MailAttributes.GATE, "rcpt");
        assertThat(refusing.matched(Trial.withList(mail, MailAttributes.ADDRESSED)))
                .containsExactly("carol@elsewhere.example");
        assertThat(refusing.matched(Trial.withList(mail, MailAttributes.ADDRESSED, "carol@elsewhere.example")))
                .isEmpty();
        assertThatThrownBy(() -> refusing.matched(Trial.with(mail(), MailAttributes.GATE, "rcpt")))
                .hasMessageContainingAll("outside=\"refuse\"", "BeforeForwarding before RecipientRewriteTable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7"})
    void decidesByTheAddressThatTheMailCameFrom(String address) throws Exception {
        MailImpl mail = mail();
        mail.setRemoteAddr(address);
        assertThat(trial(null).policy(NETWORK_POLICY).matched(mail)).isEmpty();
    }

    @Test
    void takesAnAddressOfAnotherNetworkForNoneOfThePolicy() throws Exception {
        MailImpl mail = mail();
        mail.setRemoteAddr("192.0.3.7");
        assertThat(trial(null).policy(NETWORK_POLICY).matched(mail)).containsExactly("carol@elsewhere.example");
    }

    @Test
    void throwsWhereTheAddressIsNone() throws Exception {
        MailImpl mail = mail();
        mail.setRemoteAddr("nonsense");
        assertThatThrownBy(() -> trial(null).matched(mail)).isInstanceOf(MessagingException.class);
    }

    @Test
    void readsThePolicyThatTheConditionNames() throws Exception {
        Trial named = trial("file://conf/other.xml").file("file://conf/other.xml", NETWORK_POLICY);
        assertThat(named.matched(mail())).isEmpty();
        MailImpl authenticated = Trial.with(mail(), Mail.SMTP_AUTH_USER, "alice@ours.example");
        authenticated.setRemoteAddr("198.51.100.1");
        assertThat(named.matched(authenticated)).containsExactly("carol@elsewhere.example");
    }

    @Test
    void saysWhatWouldBeRight() {
        assertThatThrownBy(() -> trial("file://conf/typo.xml").start())
                .hasMessageContainingAll("RelayDenied", "file://conf/typo.xml");
        assertThatThrownBy(() -> trial("authenticated").start())
                .hasMessageContainingAll(
                        "RelayDenied=authenticated",
                        "not the URL of a policy file",
                        "RelayDenied=file://conf/rempart.xml");
        assertThatThrownBy(() -> trial(null)
                        .policy("<policy>\n<relay>\n<allow everybody=\"true\"/></relay></policy>")
                        .start())
                .hasMessageContainingAll("RelayDenied", "rempart.xml:3", "everybody");
    }
}
