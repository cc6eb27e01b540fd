/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** RefuseMail by itself: where the mail is kept, who is told, and what it says of wrong parameters. */
class RefuseMailPipelineTest {
    private static final String KEPT = "stored://var/mail/refused/";
    private static final String REASON = "<reason>550 5.7.1 Relaying denied</reason>";
    private static final String PARAMETER = REASON + "<repositoryPath>" + KEPT + "</repositoryPath>";

    /** Mail for ours.example is delivered; the rest is refused. */
    private static Pipeline.Builder server(String parameters) {
        return Pipeline.of("<processor state=\"root\"><mailet match=\"org.rempart.matcher.RecipientIsRemote\""
                        + " class=\"org.rempart.mailet.RefuseMail\">"
                        + parameters + "</mailet>"
                        + "<mailet match=\"All\" class=\"LocalDelivery\"/>"
                        + "</processor>"
                        + "<processor state=\"error\"><mailet match=\"All\" class=\"ToRepository\">"
                        + "<repositoryPath>stored://var/mail/error/</repositoryPath></mailet></processor>")
                .domain("ours.example");
    }

    private static String startFault(String parameters) {
        StringBuilder said = new StringBuilder();
        assertThatThrownBy(() -> server(parameters).start()).satisfies(thrown -> {
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                said.append(cause.getMessage()).append('\n');
            }
        });
        return said.toString();
    }

    @Test
    void keepsTheMailWithItsEnvelopeMessageAndAttributes() throws Exception {
        try (Pipeline pipeline = server(PARAMETER).start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .to("carol@elsewhere.example")
                    .with("org.rempart.test", "kept")
                    .message("Subject: A test\r\nX-Odd:  \t kept as it is\r\n\r\nBody.\r\n"));

            assertThat(pipeline.kept(KEPT)).singleElement().satisfies(mail -> {
                assertThat(mail.sender()).isEqualTo("eve@outside.example");
                assertThat(mail.recipients()).containsExactly("carol@elsewhere.example");
                assertThat(mail.errorMessage()).contains("550 5.7.1 Relaying denied");
                assertThat(mail.attributes()).contains("org.rempart.test");
                assertThat(mail.message())
                        .contains("X-Odd:  \t kept as it is\r\n")
                        .endsWith("\r\n\r\nBody.\r\n");
            });
            assertThat(pipeline.local()).isEmpty();
        }
    }

    @Test
    void twoPartsOfOneMailAreBothKept() throws Exception {
        try (Pipeline pipeline = server(PARAMETER).start()) {
            TestMail mail = TestMail.from("eve@outside.example").to("bob@ours.example", "carol@elsewhere.example");
            pipeline.accept(mail);
            pipeline.accept(TestMail.from("eve@outside.example").to("bob@ours.example", "carol@elsewhere.example"));

            assertThat(pipeline.kept(KEPT)).hasSize(2);
            assertThat(pipeline.local()).hasSize(2);
        }
    }

    @Test
    void tellsAnAccountUnderItsOwnDomainByAReportThatNamesNoProduct() throws Exception {
        try (Pipeline pipeline = server(PARAMETER).start()) {
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("carol@elsewhere.example"));

            assertThat(pipeline.local()).singleElement().satisfies(notice -> {
                assertThat(notice.sender()).isEqualTo("<>");
                assertThat(notice.recipients()).containsExactly("alice@ours.example");
                assertThat(notice.message())
                        .contains(
                                "\r\nAuto-Submitted: auto-replied\r\n",
                                "\r\nContent-Type: multipart/report; report-type=delivery-status;",
                                "You may not send to these recipients",
                                "\r\nReporting-MTA: dns; ours.example\r\n",
                                "\r\n"
                                        + "Final-Recipient: rfc822; carol@elsewhere.example\r\n"
                                        + "Action: failed\r\n"
                                        + "Status: 5.7.1\r\n"
                                        + "Diagnostic-Code: X-Local; 550 5.7.1 Relaying denied\r\n")
                        .doesNotContainIgnoringCase("rempart")
                        .doesNotContain("localhost", "James");
            });
        }
    }

    @Test
    void tellsNobodyElse() throws Exception {
        try (Pipeline pipeline = server(PARAMETER).start()) {
            pipeline.accept(TestMail.from("alice@ours.example").to("carol@elsewhere.example"));
            pipeline.accept(TestMail.from("alice@ours.example").sentByMailet().to("dave@elsewhere.example"));
            pipeline.accept(TestMail.from("victim@outside.example")
                    .by("alice@ours.example")
                    .to("erin@elsewhere.example"));
            pipeline.accept(TestMail.fromNobody().by("alice@ours.example").to("frank@elsewhere.example"));

            assertThat(pipeline.local()).isEmpty();
            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(KEPT)).hasSize(4);
        }
    }

    @Test
    void aFullRepositoryLosesNothing() throws Exception {
        try (Pipeline pipeline = server(PARAMETER).start()) {
            pipeline.fill(KEPT);
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("carol@elsewhere.example"));

            assertThat(pipeline.kept(Pipeline.ABANDONED))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("carol@elsewhere.example"));
            assertThat(pipeline.local())
                    .as("nothing is told of a mail that may yet go")
                    .isEmpty();
        }
    }

    @Test
    void needsARepositoryAndAReason() {
        assertThat(startFault(REASON)).contains("RefuseMail: <repositoryPath> is missing", "memory://var/mail/");
        assertThat(startFault(REASON + "<repositoryPath> </repositoryPath>"))
                .contains("RefuseMail: <repositoryPath> is missing");
        assertThat(startFault(""))
                .contains("RefuseMail: <reason> is missing", "<reason>550 5.7.1 Relaying denied</reason>");
        assertThat(startFault("<reason>Relaying denied</reason>")).contains("is no reason");
    }

    @Test
    void refusesARepositoryThatThereIsNot() {
        assertThat(startFault(REASON + "<repositoryPath>postgres://var/mail/</repositoryPath>"))
                .contains("RefuseMail: <repositoryPath>postgres://var/mail/</repositoryPath>")
                .contains("mailrepositorystore.xml");
        assertThat(startFault(REASON + "<repositoryPath>var/mail</repositoryPath>"))
                .contains("RefuseMail: <repositoryPath>var/mail</repositoryPath>");
    }

    @Test
    void refusesAParameterThatItDoesNotKnow() {
        assertThat(startFault(PARAMETER + "<repository>x</repository>"))
                .contains("RefuseMail: unknown parameter <repository>", "<repositoryPath>");
    }
}
