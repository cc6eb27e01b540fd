/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.client.SmtpClient;

/**
 * Two servers, each of which forwards a mail to the other, and both of which take out every trace that could tell
 * of it. A hundred hops take their time: only in the long form. The same without sockets is in
 * {@code HardenedPipelineTest}, in every build.
 */
@Tag("fire")
@Tag("heavy")
@DisplayName(
        "H: a mail that goes round between servers that remove their traces stops after a hundred hops, and is kept")
class LoopContractTest {
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    /** A mail that was tried several times. */
    private static final Pattern STOPPED = Pattern.compile("\"id\":(\\d+),[^{}]*\"tries\":[2-9]");

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
            // The server that counts too many tries it some times more, and then gives it up; it never leaves.
            Matcher stopped = Awaitility.await("the mail where it stops")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> STOPPED.matcher(mails(ours, "") + mails(theirs, "")), Matcher::find);
            String header = mails(ours, "/" + stopped.group(1)) + mails(theirs, "/" + stopped.group(1));
            assertThat(header).contains("X-Hop-Count:100", marker);
            assertThat((mails(ours, "") + mails(theirs, "")).split("\"id\":", -1))
                    .as("it is in one place")
                    .hasSize(2);
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

    private static String mails(Variant server, String query) throws Exception {
        return server.administration("/rempart/mails" + query).replaceAll("\\s", "");
    }
}
