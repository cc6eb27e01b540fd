/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;

/** The parameters of SecureRemoteDelivery; what it does with mail is tested beside the delivery itself. */
class SecureRemoteDeliveryTest {
    /** Has parameters, and no server to deliver with. */
    private static final class Configured extends GenericMailet {
        @Override
        public void service(Mail mail) {
            throw new UnsupportedOperationException();
        }
    }

    private static DeliveryConfiguration configured(String... namesAndValues) throws MessagingException {
        return DeliveryConfiguration.of(Server.start(new Configured(), namesAndValues));
    }

    @Test
    void takesWhatJamesTakes() throws Exception {
        assertThat(configured(
                                "outgoing", "elsewhere",
                                "delayTime", "5000, 2*10 min, 1 hour, 3d",
                                "maxRetries", "10",
                                "maxDnsProblemRetries", "3",
                                "deliveryThreads", "7",
                                "sendpartial", "false",
                                "bounceProcessor", "bounces",
                                "onSuccess", "counted",
                                "gateway", "gw.example, 192.0.2.1:26, [2001:db8::1]:27, 2001:db8::2",
                                "gatewayPort", "587",
                                "gatewayUsername", "me",
                                "gatewayPassword", "secret",
                                "heloName", "mail.ours.example",
                                "bind", "127.0.0.1",
                                "timeout", "300000",
                                "connectiontimeout", "30000",
                                "usePriority", "true",
                                "loadBalancing", "false",
                                "debug", "true",
                                "mail.smtp.port", "2525",
                                "onMailetException", "propagate")
                        .settings(Server.domains(true)))
                .satisfies(settings -> {
                    assertThat(settings.queue()).isEqualTo("elsewhere");
                    assertThat(settings.bounceProcessor()).contains("bounces");
                    assertThat(settings.successProcessor()).contains("counted");
                    assertThat(settings.usePriority()).isTrue();
                    assertThat(settings.gateways())
                            .extracting(Object::toString)
                            .containsExactly("gw.example:587", "192.0.2.1:26", "[2001:db8::1]:27", "[2001:db8::2]:587");
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "startTLS | true | <outbound>",
                "verifyServerIdentity | false | <outbound>",
                "sslEnable | true | <gatewayPort>",
                "mail.smtp.starttls.required | true | <outbound>",
                "mail.smtp.ssl.trust | * | <outbound>",
                "mail.smtp.timeout | 1 | <timeout>",
                "mail.smtp.localhost | x | <heloName>",
                "mail.smtp.auth | true | <gatewayUsername>",
                "mail.debug | true | remove it",
                "outgoingQueue | x | <outgoing>",
                "outgoingg | x | <outgoing>",
                "delayTime | 5 fortnights | write delays such as",
                "maxRetries | many | is no number",
                "deliveryThreads | 0 | from 1 to",
                "sendpartial | yes | write true or false",
                "heloName | -x- | is no host name",
                "gateway | gw.example:x | is no gateway",
                "gatewayUsername | me | go together",
                "bind | no.such.host.invalid. | address of this machine",
                "tls | bank.example | write bank.example=verify",
                "tls | bank.example=strict | possible are none, opportunistic",
                "tls | bank.example=fingerprint | policy file",
                "tls | *=none | all mail in clear text",
                "tls | b.example=verify, b.example=encrypt | stands twice",
                "policy | file://conf/absent.xml | absent.xml",
            })
    void saysWhatWouldBeRight(String name, String value, String right) {
        // A fault is found before anything of the server is used.
        SecureRemoteDelivery mailet = new SecureRemoteDelivery(
                null, Server.domains(true), null, null, null, null, Server.policy(Map.of()), null);

        assertThatThrownBy(() -> Server.start(mailet, name, value))
                .isInstanceOf(MessagingException.class)
                .hasMessageStartingWith("SecureRemoteDelivery")
                .hasMessageContaining(right);
    }

    /** A queue of nobody's that is known. */
    private static MailQueue unknownQueue() {
        return (MailQueue) Proxy.newProxyInstance(
                MailQueue.class.getClassLoader(),
                new Class<?>[] {MailQueue.class},
                (proxy, method, arguments) -> MailQueueName.of("outgoing"));
    }

    @Test
    void aQueueThatIsNotKnownToKeepDelaysIsVouchedFor() throws Exception {
        MailQueue queue = unknownQueue();

        assertThatThrownBy(() -> OutgoingQueue.withDelays(queue, configured(), null, null))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("the queue outgoing")
                .hasMessageContaining("add <delayedMail>queue</delayedMail> if it does");
        assertThat(OutgoingQueue.withDelays(queue, configured("delayedMail", "queue"), null, null))
                .isSameAs(queue);
    }

    /** The queue is opened for as many mails as are taken at once; most queues hand out a mail for each that is asked for. */
    @Test
    void theQueueIsOpenedForAsManyMailsAsAreTaken() {
        List<String> opened = new ArrayList<>();
        MailQueueFactory<?> queues = (MailQueueFactory<?>) Proxy.newProxyInstance(
                MailQueueFactory.class.getClassLoader(),
                new Class<?>[] {MailQueueFactory.class},
                (proxy, method, arguments) -> {
                    int mails = ((MailQueueFactory.PrefetchCount) arguments[1]).asInt();
                    opened.add(((MailQueueName) arguments[0]).asString() + " " + mails);
                    return unknownQueue();
                });
        SecureRemoteDelivery mailet = new SecureRemoteDelivery(
                null, Server.domains(true), queues, null, null, null, Server.policy(Map.of()), null);

        assertThatThrownBy(
                        () -> Server.start(mailet, "outgoing", "elsewhere", "mailsInFlight", "70", "tls", "*=encrypt"))
                .hasMessageContaining("is not known to keep delays");

        assertThat(opened).containsExactly("elsewhere 70");
    }

    @Test
    void rulesMayStandInline() throws Exception {
        TlsPolicy policy = configured("tls", "bank.example=verify, *.gov.example=encrypt, old.example=none, *=encrypt")
                .tls(Server.policy(Map.of()));

        assertThat(level(policy, "bank.example")).isEqualTo(TlsLevel.VERIFY);
        assertThat(level(policy, "tax.gov.example")).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(level(policy, "old.example")).isEqualTo(TlsLevel.NONE);
        assertThat(level(policy, "elsewhere.example")).isEqualTo(TlsLevel.ENCRYPT);
    }

    @Test
    void withoutRulesTheDefaultsHold() throws Exception {
        assertThat(level(configured().tls(Server.policy(Map.of())), "elsewhere.example"))
                .isEqualTo(TlsLevel.OPPORTUNISTIC);
    }

    private static TlsLevel level(TlsPolicy policy, String domain) {
        return policy.outbound(Domain.of(domain)).verdict().level();
    }
}
