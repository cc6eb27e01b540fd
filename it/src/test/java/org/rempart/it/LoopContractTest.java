/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.client.SmtpClient;

/**
 * Two servers, each of which forwards a mail to the other, and both of which take out every trace that could tell
 * of it. A hundred hops, and the tries before a mail is given up, take minutes: only in the long form. The same without
 * sockets is in {@code HardenedPipelineTest}, in every build.
 */
@Tag("fire")
@Tag("heavy")
@DisplayName("H: a mail that goes round between servers that remove their traces is caught and kept")
class LoopContractTest {
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    @Test
    void twoServersThatForwardToEachOther() throws Exception {
        try (Variant ours = server("loop-ours");
                Variant theirs = server("loop-theirs")) {
            gateway(ours, theirs);
            gateway(theirs, ours);
            start(ours, "ours.example", "round@ours.example", "round@theirs.example");
            start(theirs, "theirs.example", "round@theirs.example", "round@ours.example");
            String marker = Mails.marker();
            try (SmtpClient client = SmtpClient.connect(ours.smtp())) {
                client.command("EHLO outside.example");
                assertThat(client.send(
                                        "author@outside.example",
                                        List.of("round@ours.example"),
                                        Mails.message("author@outside.example", "round@ours.example", marker))
                                .code())
                        .isEqualTo(250);
            }
            String kept = Awaitility.await("the mail in a repository")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> kept(ours) + kept(theirs), found -> found.contains("round@"));
            assertThat(kept).contains("stored://var/mail/");
            // It rests there, once: no server sends it on any more.
            for (Variant server : List.of(ours, theirs)) {
                Awaitility.await("an empty queue")
                        .atMost(PATIENCE)
                        .until(() -> !mails(server, "").contains("\"kind\":\"queue\""));
            }
            assertThat((kept(ours) + kept(theirs)).split("round@", -1)).hasSize(2);
        }
    }

    private static Variant server(String name) throws Exception {
        Variant server = new Variant(name);
        server.edit("rempart.xml", "<received[^>]*>rewrite<", "<received>remove<");
        return server;
    }

    private static void gateway(Variant from, Variant to) throws Exception {
        from.edit(
                "mailetcontainer.xml",
                "<gatewayPort>\\d+<",
                "<gatewayPort>" + to.smtp().getPort() + "<");
    }

    private static void start(Variant server, String domain, String address, String target) throws Exception {
        for (String[] command : new String[][] {{"start"}, {"domains", "add", domain}}) {
            Variant.Result result = server.run("", command);
            assertThat(result.exitCode()).as(result.output()).isZero();
        }
        // An alias has to stay in the server's own domains; a group's members need not.
        assertThat(server.administer("PUT", "/address/groups/" + address + "/" + target, "", "*/*")
                        .statusCode())
                .isEqualTo(204);
    }

    private static String kept(Variant server) throws Exception {
        String all = mails(server, "");
        return all.contains("stored://") ? all : "";
    }

    private static String mails(Variant server, String query) throws Exception {
        return server.administration("/rempart/mails" + query).replaceAll("\\s", "");
    }
}
