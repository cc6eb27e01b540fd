/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Matchers in James's container, where that matters: it splits the mail, makes the matcher, and is told of its failures. */
class MatchersPipelineTest {
    /** Whom the matcher matches goes to the queue "matched", the others to "other". */
    private static Pipeline.Builder matcher(String match) {
        return Pipeline.of("<processor state=\"root\">"
                        + "<mailet match=\"org.rempart.matcher." + match + "\" class=\"RemoteDelivery\">"
                        + "<outgoing>matched</outgoing></mailet>"
                        + "<mailet match=\"All\" class=\"RemoteDelivery\"><outgoing>other</outgoing></mailet>"
                        + "</processor>"
                        + "<processor state=\"error\"><mailet match=\"All\" class=\"ToRepository\">"
                        + "<repositoryPath>stored://var/mail/error/</repositoryPath></mailet></processor>")
                .domain("ours.example")
                .domain("also-ours.example");
    }

    private static List<String> matched(Pipeline.Builder server, TestMail mail) throws Exception {
        try (Pipeline pipeline = server.start()) {
            pipeline.accept(mail);
            List<String> matched = new ArrayList<>();
            pipeline.queue("matched").forEach(part -> matched.addAll(part.recipients()));
            return matched;
        }
    }

    private static TestMail mail() {
        return TestMail.from("alice@ours.example").to("bob@ours.example", "carol@elsewhere.example");
    }

    private static void assertStartFails(Pipeline.Builder server, String... parts) {
        assertThatThrownBy(server::start).satisfies(thrown -> {
            StringBuilder said = new StringBuilder();
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                said.append(cause.getMessage()).append('\n');
            }
            assertThat(said.toString()).contains(parts);
        });
    }

    @Nested
    class RecipientIsRemote {
        @Test
        void keepsTheMailWhenItCantDecide() throws Exception {
            try (Pipeline pipeline = matcher("RecipientIsRemote").start()) {
                pipeline.failDomains();
                pipeline.accept(mail());

                assertThat(pipeline.remote()).isEmpty();
                assertThat(pipeline.kept(Pipeline.ABANDONED))
                        .singleElement()
                        .satisfies(kept -> assertThat(kept.recipients())
                                .containsExactly("bob@ours.example", "carol@elsewhere.example"));
            }
        }
    }

    @Nested
    class RelayDenied {
        @Test
        void withoutOnMatchExceptionTheMailGoesToTheErrorProcessor() throws Exception {
            try (Pipeline pipeline = matcher("RelayDenied").start()) {
                pipeline.accept(mail().at("nonsense"));

                assertThat(pipeline.remote()).isEmpty();
                assertThat(pipeline.kept(Pipeline.ABANDONED)).hasSize(1);
            }
        }
    }

    @Nested
    class AccountIsHeld {
        private List<String> matched(TestMail mail) throws Exception {
            return MatchersPipelineTest.matched(matcher("AccountIsHeld").held("thief@ours.example"), mail);
        }

        @Test
        void matchesWhatAHeldAccountSubmitted() throws Exception {
            assertThat(matched(mail().by("Thief@ours.example"))).hasSize(2);
            assertThat(matched(mail().byJmap("Thief@ours.example"))).hasSize(2);
            assertThat(matched(mail().by("alice@ours.example"))).isEmpty();
            assertThat(matched(mail())).isEmpty();
        }
    }

    /** Not a matcher, and as small. */
    @Nested
    class AuditMail {
        private Pipeline.Builder audit(String parameters) {
            return Pipeline.of("<processor state=\"root\">"
                            + "<mailet match=\"All\" class=\"org.rempart.mailet.AuditMail\">" + parameters + "</mailet>"
                            + "<mailet match=\"All\" class=\"RemoteDelivery\"><outgoing>behind</outgoing></mailet>"
                            + "</processor><processor state=\"error\"><mailet match=\"All\" class=\"ToRepository\">"
                            + "<repositoryPath>stored://var/mail/error/</repositoryPath></mailet></processor>")
                    .domain("ours.example");
        }

        @Test
        void endsTheMailOnlyWhereItIsToldTo() throws Exception {
            try (Pipeline pipeline = audit("<event>outgoing</event>").start()) {
                pipeline.accept(mail());
                assertThat(pipeline.queue("behind")).hasSize(1);
            }
            try (Pipeline pipeline = audit("<event>local-delivery</event><consume>true</consume>")
                    .start()) {
                pipeline.accept(mail());
                assertThat(pipeline.queue("behind")).isEmpty();
            }
        }

        @Test
        void wrongParametersStopTheStart() {
            assertStartFails(audit(""), "AuditMail", "<event> is missing", "local-delivery");
            assertStartFails(audit("<event>gone</event>"), "AuditMail", "gone", "is no event of a mail");
            assertStartFails(audit("<event>kept</event><consume>yes</consume>"), "AuditMail", "write true or false");
        }
    }
}
